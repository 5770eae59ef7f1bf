import { existsSync } from 'node:fs';

/** Where a Chromium of the system is found. */
const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export interface IBrowser {
  executablePath: string;
  args: string[];
}

/**
 * The Chromium that browser tests drive: the one that `TWINSTORE_BROWSER` names, else the system's, else the one inside
 * the package `@sparticuz/chromium`, which brings its own libraries and so needs nothing from the system.
 */
export async function findBrowser(env: NodeJS.ProcessEnv): Promise<IBrowser> {
  // A container has neither the namespaces that the sandbox needs nor a /dev/shm that is large enough.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  const named = env['TWINSTORE_BROWSER'];
  if (named) {
    return { executablePath: named, args };
  }
  const system = SYSTEM.find(path => existsSync(path));
  if (system) {
    return { executablePath: system, args };
  }
  // The package unpacks its libraries only where it believes to be on Amazon Linux 2023.
  env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs22.x';
  const { default: chromium } = await import('@sparticuz/chromium');
  // Its own arguments are for one page in one process without web security: not for tests.
  return { executablePath: await chromium.executablePath(), args };
}
