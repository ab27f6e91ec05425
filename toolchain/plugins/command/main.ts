// The process of the stand-in for the plugin of @pulumi/command.
import { serve } from "../../../provider/grpc/index.ts";
import { command } from "./provider.ts";

await serve(command());
