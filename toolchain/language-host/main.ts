// Stand-in for pulumi-language-nodejs, for machines that have the `pulumi` executable without Pulumi's language hosts.
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { announce, newServer } from "../../provider/grpc/grpc.ts";
import { engineAddressFrom, onEngineGone } from "../../provider/grpc/lifetime.ts";
import { languageRuntime } from "./languageRuntime.ts";

const host = languageRuntime(engineAddressFrom(process.argv.slice(2)));
onEngineGone(() => void host.stop().then(() => process.exit(0)));
const server = newServer();
server.addService(LanguageRuntimeService, host.service);
await announce(server);
