# Builds an image with one empty layer as an OCI layout: build.sh <name> <version> <folder>
set -eu
blobs=$3/blobs/sha256
mkdir -p "$blobs"
sum() { sha256sum "$1" | cut -c1-64; }
# add <media type> <file>: adds a blob to the layout and prints its descriptor
add() { digest=$(sum "$2"); size=$(wc -c < "$2" | tr -d ' '); mv "$2" "$blobs/$digest"; printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$1" "$digest" "$size"; }
head -c 1024 /dev/zero > layer.tar
diff_id=$(sum layer.tar)
gzip -n layer.tar
layer=$(add application/vnd.oci.image.layer.v1.tar+gzip layer.tar.gz)
printf '{"architecture":"amd64","os":"linux","config":{"Labels":{"name":"%s","version":"%s"}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$1" "$2" "$diff_id" > config.json
config=$(add application/vnd.oci.image.config.v1+json config.json)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' "$config" "$layer" > manifest.json
manifest=$(add application/vnd.oci.image.manifest.v1+json manifest.json)
printf '{"imageLayoutVersion":"1.0.0"}' > "$3/oci-layout"
printf '{"schemaVersion":2,"manifests":[%s]}' "$manifest" > "$3/index.json"
