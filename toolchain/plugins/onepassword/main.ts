// The process of the stand-in for the plugin of @1password/pulumi-onepassword.
import { serve } from "../../../provider/grpc/index.ts";
import { onePassword } from "./provider.ts";

await serve(onePassword());
