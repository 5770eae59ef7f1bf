// Prints the rows of an online table as the Node driver gives them, each value as the text that `test/vectors/types.json`
// describes: node read_rows.mjs HOST:PORT DATACENTER KEYSPACE.TABLE, credentials as JSON {username, password} on stdin.
import { text } from 'node:stream/consumers';
import cassandra from 'cassandra-driver';

const [host, localDataCenter, table] = process.argv.slice(2);
const { username, password } = JSON.parse(await text(process.stdin));
const client = new cassandra.Client({
  contactPoints: [host],
  localDataCenter,
  authProvider: new cassandra.auth.PlainTextAuthProvider(username, password),
  encoding: { useBigIntAsLong: true }
});
const { rows, columns } = await client.execute(`SELECT * FROM ${table}`, [], { prepare: true });
console.log(
  JSON.stringify(
    rows.map(row => Object.fromEntries(columns.map(({ name, type }) => [name, asText(row[name], type.code)])))
  )
);
await client.shutdown();

function asText(value, type) {
  const { dataTypes } = cassandra.types;
  if (value === null) {
    return null;
  }
  switch (type) {
    case dataTypes.float:
    case dataTypes.double: {
      const bytes = Buffer.alloc(type === dataTypes.float ? 4 : 8);
      type === dataTypes.float ? bytes.writeFloatBE(value) : bytes.writeDoubleBE(value);
      return bytes.toString('hex');
    }
    case dataTypes.blob:
      return value.toString('hex');
    case dataTypes.timestamp:
      return String(value.getTime());
    case dataTypes.list:
      return JSON.stringify(value);
    case dataTypes.map:
      return JSON.stringify(value);
    default:
      return String(value);
  }
}
