import type { Value, Values } from "../../../provider/grpc/index.ts";
import type { Account } from "./model.ts";

/** Reaches 1Password as the provider's settings say. Environment variables are the fallback for missing settings. */
export async function accountOf(settings: Values): Promise<Account> {
  const said = (setting: string, variable: string) => text(settings[setting]) ?? text(process.env[variable]) ?? "";
  const url = said("url", "OP_CONNECT_HOST");
  const token = said("token", "OP_CONNECT_TOKEN");
  const serviceAccountToken = said("serviceAccountToken", "OP_SERVICE_ACCOUNT_TOKEN");
  const account = said("account", "OP_ACCOUNT");
  const throughCli = serviceAccountToken !== "" || account !== "";
  if (throughCli && (url !== "" || token !== "")) {
    throw new Error(
      'Config conflict: Either Connect credentials ("token" and "url") or 1Password CLI ("service_account_token" or "account") credentials can be set. Both are set. Please unset one of them.',
    );
  }
  if (serviceAccountToken !== "" && account !== "") {
    throw new Error(
      'Config conflict: "service_account_token" and "account" are set. Please unset one of them to use the provider with 1Password CLI.',
    );
  }
  if (throughCli) {
    const { OpCli } = await import("./opCli.ts");
    return new OpCli({ program: said("opCliPath", "OP_CLI_PATH") || "op", serviceAccountToken, account });
  }
  if (url !== "" && token !== "") {
    const { Connect } = await import("./connect.ts");
    return new Connect(url, token);
  }
  throw new Error(
    'Client init failure: Client failed to initialize, got error: Invalid provider configuration. Either Connect credentials ("token" and "url") or Service Account ("service_account_token" or "account") credentials should be set.',
  );
}

function text(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
