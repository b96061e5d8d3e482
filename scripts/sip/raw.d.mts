export { freePort, inviteText, register, sendRaw, type RawOptions } from './phone.mjs';
