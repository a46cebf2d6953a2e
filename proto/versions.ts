/** Wire versions that this code speaks, newest first. */
export const WIRE_VERSIONS: readonly string[] = ['1'];
/** How this program names itself to the other end. */
export const SOFTWARE = 'syndic/0.1.0';
/** Metadata entry that carries the session token. */
export const SESSION_KEY = 'syndic-session';
