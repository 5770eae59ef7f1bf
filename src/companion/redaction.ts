/** Shapes of secrets that were never read here, such as in an address or a foreign error. */
const PATTERNS: readonly RegExp[] = [
  /\b((?:AKIA|ASIA)[A-Z0-9]{16})\b/g,
  /(?:secret[._-]?(?:access[._-]?)?key|session[._-]?token|password)["']?\s*[=:]\s*["']?([^\s"',;&}]+)/gi,
  /X-Amz-(?:Signature|Credential|Security-Token)=([^\s&"']+)/gi,
  /:\/\/[^/\s:@]+:([^/\s@]+)@/g
];
const HIDDEN = '•••';

/** Takes secrets out of everything that leaves the process: the one place where that happens. */
export class Redactor {
  /** A secret that was read; from now on it leaves in no text. */
  remember(secret: string): void {
    if (secret !== '') {
      this.secrets.add(secret);
    }
  }

  clean(text: string): string {
    let cleaned = text;
    // The longest first: one may be the beginning of another.
    for (const secret of [...this.secrets].sort((one, other) => other.length - one.length)) {
      cleaned = cleaned.replaceAll(secret, HIDDEN).replaceAll(JSON.stringify(secret).slice(1, -1), HIDDEN);
    }
    for (const pattern of PATTERNS) {
      cleaned = cleaned.replace(pattern, (match: string, secret: string) => match.replaceAll(secret, HIDDEN));
    }
    return cleaned;
  }

  private readonly secrets = new Set<string>();
}
