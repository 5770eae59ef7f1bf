import { GetObjectCommand, ListObjectsV2Command, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';

import { TwinstoreError } from '../../../contract';
import type { OfflineStore } from '../../../contract';
import { bucketAndKey } from './address';
import { Limiter } from './limiter';
import type { IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';
import { retry } from './retry';

/** Requests in flight at once: more gains nothing against one endpoint. */
const CONCURRENCY = 16;
const ATTEMPTS = 3;
/** How long an answer may take to begin; all attempts together stay below the deadline of a request of ours. */
const ANSWER_MS = 5_000;
/** More files than this in one folder are not a Delta log that one process should hold. */
const MAX_FILES = 500_000;

export interface IAccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A client as the settings ask for it: a given key, else a profile, else the SDK's default chain. */
export function createS3Client(settings: OfflineStore, key: IAccessKey | null): S3Client {
  // Node 20 is served for as long as it is named in package.json; the SDK's notice would stand in every log.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const config: S3ClientConfig = {
    forcePathStyle: settings.path_style ?? false,
    // One place retries: `retry`, which also covers a body that breaks off.
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Without `throwOnRequestTimeout` the SDK only prints a warning and waits on.
    requestHandler: { connectionTimeout: 2_000, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true }
  };
  if (settings.endpoint !== undefined) {
    config.endpoint = settings.endpoint;
  }
  const region = settings.region ?? (settings.endpoint === undefined ? undefined : 'us-east-1');
  if (region !== undefined) {
    config.region = region;
  }
  if (key !== null) {
    config.credentials = key;
  } else if (settings.credentials?.profile !== undefined) {
    config.profile = settings.credentials.profile;
  }
  return new S3Client(config);
}

/** S3 and what speaks its protocol. */
export class S3Store implements IObjectStore {
  /**
   * @param address What errors call the endpoint.
   * @param random Uniform in [0, 1).
   */
  constructor(
    private readonly client: S3Client,
    private readonly address: string,
    private readonly random: () => number
  ) {}

  async list(folder: string, { after, limit, signal }: IListOptions): Promise<IListing> {
    const { bucket, key } = bucketAndKey(folder);
    const prefix = key === '' ? '' : `${key}/`;
    const listing: IListing = { files: [], folders: [] };
    for (let token: string | undefined; ;) {
      const page = await this.attempt(folder, signal, () =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            Delimiter: '/',
            ContinuationToken: token,
            StartAfter: after === undefined ? undefined : prefix + after,
            MaxKeys: limit
          }),
          { abortSignal: signal }
        )
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const name = Key.slice(prefix.length);
        // A marker object of the folder itself has no name.
        if (name !== '') {
          listing.files.push({ name, size: Size, modifiedMs: LastModified?.getTime() ?? 0 });
        }
      }
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        listing.folders.push(Prefix.slice(prefix.length, -1));
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      if (token === undefined || listing.files.length >= (limit ?? Infinity)) {
        return listing;
      }
      if (listing.files.length + listing.folders.length > MAX_FILES) {
        throw new TwinstoreError(
          'unsupported',
          `${folder} holds more than ${MAX_FILES} files.`,
          'Let Delta clean its log, or name a root closer to the tables.'
        );
      }
    }
  }

  read(location: string, { range, limit, signal }: IReadOptions): Promise<Uint8Array> {
    const { bucket, key } = bucketAndKey(location);
    if (range !== undefined && range.end <= range.start) {
      return Promise.resolve(new Uint8Array(0));
    }
    return this.attempt(location, signal, async () => {
      const response = await this.client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          Range: range === undefined ? undefined : `bytes=${range.start}-${range.end - 1}`
        }),
        { abortSignal: signal }
      );
      const bytes = await collect(response.Body as Readable, location, limit, signal);
      if (range !== undefined && bytes.length !== range.end - range.start) {
        throw new BrokenBody(`${bytes.length} of ${range.end - range.start} bytes came`);
      }
      return bytes;
    });
  }

  private async attempt<T>(location: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    try {
      return await this.limiter.run(
        () => retry(task, { attempts: ATTEMPTS, isTransient, random: this.random, signal }),
        signal
      );
    } catch (error) {
      signal.throwIfAborted();
      throw this.translate(location, error);
    }
  }

  private translate(location: string, error: unknown): unknown {
    if (error instanceof TwinstoreError) {
      return error;
    }
    const options = { side: 'store' as const, details: describe(error), cause: error };
    if (error instanceof S3ServiceException) {
      const status = error.$metadata.httpStatusCode ?? 0;
      if (error.name === 'NoSuchBucket') {
        const { bucket } = bucketAndKey(location);
        return new TwinstoreError(
          'not_found',
          `S3 at ${this.address} has no bucket ${bucket}.`,
          'Check the root.',
          options
        );
      }
      if (status === 404) {
        return new TwinstoreError('not_found', `${location} does not exist.`, 'Check the address.', options);
      }
      if (status === 401 || status === 403) {
        return new TwinstoreError(
          'forbidden',
          `S3 at ${this.address} refused access to ${location}.`,
          'Check the credentials named in twinstore.toml and what they may read.',
          options
        );
      }
      if (status === 416) {
        return new TwinstoreError(
          'store_failed',
          `${location} is shorter than the Delta log says.`,
          'Check that the table was copied as a whole.',
          options
        );
      }
      return new TwinstoreError(
        'store_failed',
        `S3 at ${this.address} answered ${status} for ${location}.`,
        'Try again; if it stays, look into the log of the store.',
        options
      );
    }
    if (isNativeError(error) && error.name === 'CredentialsProviderError') {
      return new TwinstoreError(
        'forbidden',
        `No credentials for S3 at ${this.address} were found.`,
        'Name a credentials file or a profile in twinstore.toml, or sign in to AWS.',
        options
      );
    }
    return new TwinstoreError(
      'store_failed',
      `S3 at ${this.address} did not answer.`,
      'Check that it runs and that the endpoint in twinstore.toml is right.',
      options
    );
  }

  private readonly limiter = new Limiter(CONCURRENCY);
}

class BrokenBody extends Error {}

async function collect(body: Readable, location: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of addAbortSignal(signal, body) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) {
      body.destroy();
      throw new TwinstoreError(
        'store_failed',
        `${location} has more than the ${limit} bytes that are read here.`,
        'Check that the file is what the Delta log says.'
      );
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks, length));
}

/** Whether trying again may help: the network, a broken body, throttling, a fault of the server. */
function isTransient(error: unknown): boolean {
  if (error instanceof TwinstoreError) {
    return false;
  }
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0;
    return status === 429 || status >= 500 || error.name === 'SlowDown' || error.name === 'RequestTimeout';
  }
  return isNativeError(error) && error.name !== 'CredentialsProviderError';
}

function describe(error: unknown): string {
  if (!isNativeError(error)) {
    return String(error);
  }
  // Node joins the failures of several addresses in one error without a message.
  const causes = error instanceof AggregateError ? error.errors.map(describe) : [];
  return [`${error.name}: ${error.message}`, ...causes].join('; ');
}
