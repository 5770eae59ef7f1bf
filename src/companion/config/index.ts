export { readCredentials } from './credentials';
export { seconds } from './duration';
export { loadSettings, parseSettings, settingsCandidates, stampOf } from './settings';
export type { ILoadedSettings, ISettingsPlaces } from './settings';
