declare module 'asterisk-manager' {
  import type { EventEmitter } from 'node:events';
  /** Opens the AMI connection at once when given a port. */
  export default function AsteriskManager(
    port: number,
    host: string,
    user: string,
    secret: string,
    events: boolean,
  ): EventEmitter & {
    keepConnected(): void;
    disconnect(callback?: () => void): void;
    isConnected(): boolean;
  };
}
