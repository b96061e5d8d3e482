export { freePort, inviteText, register, sendRaw, type RawOptions } from './phone.mjs';

/** The Authorization header that answers a 401's challenge (RFC 7616). */
export declare function authorization(options: {
  challenge: string;
  method: string;
  uri: string;
  username: string;
  password: string;
}): string;
