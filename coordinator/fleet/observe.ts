import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { isErrorCode } from '../../core/errors/SyndicError.ts';
import { CODE_KEY } from '../../proto/errors.ts';

export interface CallObserver {
  /** @param code of `core/errors`, or gRPC's own status name; null: the call ended well */
  callEnded(method: string, code: string | null, seconds: number): void;
}

/** Tells how each call of a method that there is ended, whoever answered it. gRPC itself answers for others. */
export function observeCalls(observer: CallObserver): ServerInterceptor {
  return ({ path }, call) => {
    const method = shortened(path);
    const start = performance.now();
    let told = false;
    const tell = (code: string | null) => {
      if (told) return;
      told = true;
      observer.callEnded(method, code, (performance.now() - start) / 1000);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => tell('CANCELLED') }),
      sendStatus(of, next) {
        tell(codeOf(of.code, of.metadata ?? null));
        next(of);
      },
    });
  };
}

/** `/syndic.v1.TaskService/Watch` → `TaskService/Watch`. */
function shortened(path: string): string {
  return path.replace(/^\/(?:syndic\.v\d+\.)?/, '');
}

function codeOf(grpc: number, metadata: Metadata | null): string | null {
  if (grpc === status.OK) return null;
  const [code] = metadata?.get(CODE_KEY) ?? [];
  return isErrorCode(code) ? code : (status[grpc] ?? 'UNKNOWN');
}
