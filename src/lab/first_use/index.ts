export { CommandIDs } from './plugin';
