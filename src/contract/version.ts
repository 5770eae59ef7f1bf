/** Version of twinstore, as in package.json. */
export const VERSION = '0.1.0';

/** Version of this contract: the server refuses a companion that speaks another. */
export const PROTOCOL = 1;
