import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client
} from '@aws-sdk/client-s3';
import { REGION, s3Endpoint } from './s3';
import type { IS3Credentials } from './s3';

/** A place for the files of an input. Names have no folder. */
export interface IInputTarget {
  /** Its address, as Spark reads it. */
  address: string;
  names(): Promise<string[]>;
  /** Null when there is no such file. */
  read(name: string): Promise<string | null>;
  write(name: string, content: Buffer): Promise<void>;
  remove(name: string): Promise<void>;
  close(): void;
}

/** A folder of this machine. */
export function folderTarget(folder: string): IInputTarget {
  return {
    address: folder,
    names: async () => {
      await mkdir(folder, { recursive: true });
      return (await readdir(folder, { withFileTypes: true })).filter(entry => entry.isFile()).map(({ name }) => name);
    },
    read: name =>
      readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') {
          return null;
        }
        throw error;
      }),
    write: (name, content) => writeFile(join(folder, name), content),
    remove: name => rm(join(folder, name), { force: true }),
    close: () => undefined
  };
}

/** A prefix of a bucket of the stack. */
export function s3Target(port: number, credentials: IS3Credentials, bucket: string, prefix: string): IInputTarget {
  const client = new S3Client({
    endpoint: s3Endpoint(port),
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: credentials.access_key_id, secretAccessKey: credentials.secret_access_key },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED'
  });
  const object = (name: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: `${prefix}/${name}` });
  return {
    address: `s3a://${bucket}/${prefix}`,
    names: async () => {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/`, ContinuationToken: token })
        );
        const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key ? [Key] : []));
        names.push(...keys.map(key => key.slice(prefix.length + 1)).filter(Boolean));
        token = page.NextContinuationToken;
      } while (token);
      return names;
    },
    read: async name => {
      try {
        const { Body } = await client.send(new GetObjectCommand(object(name)));
        return (await Body?.transformToString()) ?? null;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') {
          return null;
        }
        throw error;
      }
    },
    write: async (name, content) => {
      await client.send(new PutObjectCommand({ ...object(name), Body: content, ContentLength: content.length }));
    },
    remove: async name => {
      await client.send(new DeleteObjectCommand(object(name)));
    },
    close: () => client.destroy()
  };
}
