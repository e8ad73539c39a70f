#!/bin/sh
# Writes keys.json: keys in every dialect that people have, as OpenSSL and OpenSSH write them, for
# test/hex/sign.test.ts. They protect nothing.  sh test/hex/vectors/keys.sh > test/hex/vectors/keys.json
set -eu
cd "$(mktemp -d)"

openssl genrsa -out pkcs8 2048 2>/dev/null
openssl rsa -in pkcs8 -traditional -out pkcs1 2>/dev/null
openssl rsa -in pkcs8 -pubout -out spki 2>/dev/null
openssl rsa -in pkcs8 -RSAPublicKey_out -out pkcs1_public 2>/dev/null
openssl pkcs8 -topk8 -in pkcs8 -passout pass:secret -out pkcs8_encrypted
openssl rsa -in pkcs8 -traditional -aes128 -passout pass:secret -out pkcs1_encrypted 2>/dev/null
openssl genrsa -out rsa_4096 4096 2>/dev/null
openssl genrsa -out rsa_1024 1024 2>/dev/null
openssl rsa -in rsa_1024 -pubout -out rsa_1024_public 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec_pkcs8
openssl ec -in ec_pkcs8 -out ec_sec1 2>/dev/null
openssl ec -in ec_pkcs8 -pubout -out ec_public 2>/dev/null
openssl genpkey -algorithm ED25519 -out ed25519
ssh-keygen -q -t rsa -b 2048 -N "" -C "" -f openssh
ssh-keygen -i -m PKCS8 -f spki >ssh.pub
ssh-keygen -lf ssh.pub | cut -d" " -f2 >fingerprint
printf payload | openssl dgst -sha512 -sign pkcs8 | openssl base64 -A >signature_of_payload
rm openssh.pub ssh.pub

echo "{"
first=1
for file in *; do
  [ "$first" ] || echo ","
  first=
  printf '  "%s": "%s"' "$file" "$(awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }' "$file")"
done
printf '\n}\n'
