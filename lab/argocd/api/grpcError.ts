// Part of the lab's Argo CD: gRPC errors, translated to HTTP.

export class GrpcError extends Error {
  readonly code: number;
  readonly status: 400 | 401 | 403 | 404 | 500;

  constructor(code: number, status: GrpcError["status"], message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }

  get body(): { error: string; code: number; message: string } {
    return { error: this.message, code: this.code, message: this.message };
  }

  /** The body in the format of streams. */
  get streamBody(): unknown {
    const names = {
      400: "Bad Request",
      401: "Unauthorized",
      403: "Forbidden",
      404: "Not Found",
      500: "Internal Server Error",
    };
    return {
      error: { grpc_code: this.code, http_code: this.status, message: this.message, http_status: names[this.status] },
    };
  }
}

export const invalidArgument = (message: string) => new GrpcError(3, 400, message);
export const notFound = (name: string) => new GrpcError(5, 404, `applications.argoproj.io "${name}" not found`);
export const permissionDenied = (detail = "") => new GrpcError(7, 403, `permission denied${detail}`);
export const failedPrecondition = (message: string) => new GrpcError(9, 400, message);
export const unauthenticated = (message: string) => new GrpcError(16, 401, message);
