// Lints texts as if they stood in the files named: [{code, file}] on stdin, the rules each breaks on stdout.
// A process of its own, because ESLint loads its configuration in a way that jest's sandbox refuses.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const eslint = new ESLint();
const broken = [];
for (const { code, file } of JSON.parse(await text(process.stdin))) {
  const results = await eslint.lintText(code, { filePath: file });
  broken.push(results.flatMap(result => result.messages.map(message => message.ruleId)));
}
process.stdout.write(JSON.stringify(broken));
