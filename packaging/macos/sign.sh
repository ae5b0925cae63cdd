#!/bin/sh
# Signs and notarises the bundle: packaging/macos/sign.sh IDENTITY KEYCHAIN_PROFILE
# NOT TESTED: written where no Mac was. IDENTITY is "Developer ID Application: ...", the profile one that
# `xcrun notarytool store-credentials` has stored: no password is ever written here.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
identity=$1
profile=$2
bundle=$root/dist/context-advisor
archive=$root/dist/context-advisor-macos.zip

# From the inside out: libraries first, then the two programs with what they are allowed.
find "$bundle" -type f \( -name '*.dylib' -o -name '*.so' \) \
    -exec codesign --force --timestamp --options runtime --sign "$identity" {} +
for program in context-advisor context-advisor-window; do
    codesign --force --timestamp --options runtime --entitlements "$root/packaging/macos/entitlements.plist" \
        --sign "$identity" "$bundle/$program"
done
# ditto keeps links; zip does not, and Apple refuses what it makes.
ditto -c -k --keepParent "$bundle" "$archive"
xcrun notarytool submit "$archive" --keychain-profile "$profile" --wait
echo "$archive"
