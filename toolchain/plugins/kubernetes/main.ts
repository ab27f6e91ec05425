// The process of the stand-in for the plugin of @pulumi/kubernetes.
import { serve } from "../../../provider/grpc/index.ts";
import { kubernetes } from "./provider.ts";

await serve(kubernetes());
