import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginepb from "@pulumi/pulumi/proto/engine_pb.js";

/** The engine's own log: what is said here stands on a resource's row. */
export interface EngineLog {
  log(severity: "info" | "warning", urn: string, message: string, passing: boolean): void;
}

/** Connects to the engine that started this plugin. What cannot be delivered goes to standard error, which the engine shows as well. */
export function engineLog(address: string | undefined): EngineLog {
  const client = address === undefined ? undefined : new engineGrpc.EngineClient(address, credentials.createInsecure());
  return {
    log(severity, urn, message, passing) {
      if (client === undefined) {
        if (!passing) console.error(message);
        return;
      }
      const request = new enginepb.LogRequest();
      request.setSeverity(severity === "info" ? enginepb.LogSeverity.INFO : enginepb.LogSeverity.WARNING);
      request.setUrn(urn);
      request.setMessage(message);
      request.setEphemeral(passing);
      client.log(request, (error) => {
        if (error !== null && !passing) console.error(message);
      });
    },
  };
}
