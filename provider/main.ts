import { zotAuth } from "./definition.ts";
import { serve } from "./grpc/index.ts";

await serve(zotAuth);
