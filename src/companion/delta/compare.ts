export { compareValues } from '../../arrow';
