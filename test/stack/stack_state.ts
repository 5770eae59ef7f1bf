import type { IStackState } from '../../src/stack/state';

/** The state of a stack that nothing runs for. */
export const STATE: IStackState = {
  format: 1,
  name: 'x',
  ports: { cassandra: 9042, storage: 7000, s3: 9000 },
  java_home: '/java',
  cache: '/cache',
  cassandra_heap_mib: 400,
  control: '/control.sock'
};
