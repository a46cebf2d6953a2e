import { isIP } from 'node:net';
import { type ChannelOptions, Metadata } from '@grpc/grpc-js';
import type { SessionServiceClient } from '../../proto/generated/syndic/v1/SessionService.ts';
import type { TaskServiceClient } from '../../proto/generated/syndic/v1/TaskService.ts';
import type { TransferServiceClient } from '../../proto/generated/syndic/v1/TransferService.ts';
import { loadWire } from '../../proto/load.ts';
import { SESSION_KEY } from '../../proto/versions.ts';
import { type LoggedIn, logIn } from './login.ts';
import type { SessionModules, SessionOptions } from './modules.ts';
import { pinnedCredentials, splitTarget } from './pin.ts';

/** One connection on which both ends have proved themselves. */
export interface Line {
  readonly session: SessionServiceClient;
  readonly tasks: TaskServiceClient;
  readonly transfer: TransferServiceClient;
  /** Carries the session's token. */
  readonly metadata: Metadata;
  readonly heartbeatSeconds: number;
  readonly maxChunkBytes: number;
  /** Takes no new calls; those under way may end. */
  close(): void;
}

/** Of a download that may be on their way at once: 4 MiB would make 45 MB/s of a line of 30 ms, these 73 (distance-30ms). */
const DEFAULT_WINDOW = 16 * 1024 * 1024;
const MAX_MESSAGE = 8 * 1024 * 1024;

/**
 * @throws SyndicError PIN_MISMATCH, COORDINATOR_UNTRUSTED, KEY_INVALID, VERSION_UNSUPPORTED, COORDINATOR_UNAVAILABLE;
 * or a gRPC status
 */
export async function openLine(options: SessionOptions, modules: SessionModules): Promise<Line> {
  const { target, pin } = options.identity;
  const credentials = await pinnedCredentials(target, pin);
  const wire = loadWire();
  const session = new wire.SessionService(target, credentials, channelOptions(options));
  const shared = { channelOverride: session.getChannel() };
  try {
    const loggedIn = await logIn(session, options, modules);
    return {
      session,
      tasks: new wire.TaskService(target, credentials, shared),
      transfer: new wire.TransferService(target, credentials, shared),
      metadata: metadataOf(loggedIn),
      heartbeatSeconds: loggedIn.heartbeatSeconds,
      maxChunkBytes: loggedIn.maxChunkBytes,
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

function channelOptions({ identity, windowBytes = DEFAULT_WINDOW }: SessionOptions): ChannelOptions {
  return {
    'grpc-node.flow_control_window': windowBytes,
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    // The session retries, and knows what may be repeated.
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    // A new line is a new connection, whose certificate was just compared.
    'grpc.use_local_subchannel_pool': 1,
    // An address is no name that TLS could ask for (RFC 6066, section 3); the pin says who it is.
    ...(isIP(splitTarget(identity.target).host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'coordinator' }),
  };
}

function metadataOf({ token }: LoggedIn): Metadata {
  const metadata = new Metadata();
  metadata.set(SESSION_KEY, token);
  return metadata;
}
