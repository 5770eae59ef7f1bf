import { realpathSync } from 'node:fs';
import { TwinstoreError } from '../../../contract';

/**
 * The canonical text of a location: `s3a://bucket/key` or an absolute local path, without a slash at its end.
 *
 * Takes `s3a://`, `s3://`, `file:/`, `file:///` and absolute paths as they are written in settings: nothing is decoded.
 */
export function canonical(text: string): string {
  const path = /^file:(?:\/\/(?=\/)|(?!\/\/))(\/.*)$/i.exec(text)?.[1] ?? text;
  const s3 = /^s3[an]?:\/\/([^/]+)(.*)$/i.exec(path);
  if (s3 === null && !path.startsWith('/')) {
    throw refused(text, 'is neither an address of S3 (s3a://bucket/key) nor an absolute path');
  }
  const segments = (s3 === null ? path : (s3[2] ?? '')).split('/').filter(segment => segment !== '');
  if (segments.includes('..') || segments.includes('.') || text.includes('\0')) {
    throw refused(text, 'holds a segment that points elsewhere');
  }
  const key = segments.map(segment => `/${segment}`).join('');
  return s3 === null ? key || '/' : `s3a://${s3[1] ?? ''}${key}`;
}

/** Whether two addresses lead to one folder: a local one may have links on its way. */
export function isSamePlace(one: string, other: string): boolean {
  return placeOf(one) === placeOf(other);
}

function placeOf(text: string): string {
  try {
    const location = canonical(text);
    return isS3(location) ? location : realpathSync(location);
  } catch {
    return text; // Of no store that is known, or nothing is there.
  }
}

/** Whether a canonical location lies in S3. */
export function isS3(location: string): boolean {
  return location.startsWith('s3a://');
}

/** Bucket and key of a canonical S3 location. */
export function bucketAndKey(location: string): { bucket: string; key: string } {
  const rest = location.slice('s3a://'.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { bucket: rest, key: '' } : { bucket: rest.slice(0, slash), key: rest.slice(slash + 1) };
}

/** A location below a canonical one. */
export function below(location: string, relative: string): string {
  return location === '/' ? `/${relative}` : `${location}/${relative}`;
}

/** Whether a canonical location is another one or lies below it. */
export function isWithin(root: string, location: string): boolean {
  return location === root || location.startsWith(root === '/' ? root : `${root}/`);
}

/** Relative, with nothing encoded and no segment that begins with a point. */
const PLAIN = /^[\w=-][\w=.-]*(?:\/[\w=-][\w=.-]*)*$/;

/**
 * Where a `path` of the Delta log points: percent-encoded, relative to the table or absolute
 * (PROTOCOL.md, Add File and Remove File).
 */
export function resolveLogPath(table: string, path: string): string {
  // Nearly all paths, of which there may be many: 100,000 take 10 ms so, and more than 100 ms else.
  if (PLAIN.test(path)) {
    return below(table, path);
  }
  try {
    const decoded = decodeURIComponent(path).replace(/^(?:\.\/)+/, '');
    if (/^[a-z][a-z0-9+.-]*:\//i.test(path)) {
      return canonical(decoded);
    }
    if (decoded.startsWith('/')) {
      return canonical(isS3(table) ? `s3a://${bucketAndKey(table).bucket}${decoded}` : decoded);
    }
    return canonical(below(table, decoded));
  } catch (cause) {
    throw new TwinstoreError(
      'store_failed',
      `The Delta log of ${table} names the file ${JSON.stringify(path)}, which leads nowhere.`,
      'Restore the log from a copy.',
      { details: cause instanceof Error ? cause.message : '', cause }
    );
  }
}

function refused(text: string, why: string): TwinstoreError {
  return new TwinstoreError(
    'bad_request',
    `The location ${JSON.stringify(text)} ${why}.`,
    'Use an address such as s3a://bucket/folder or /folder, without "." and "..".'
  );
}
