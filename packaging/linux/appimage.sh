#!/bin/sh
# Makes an AppImage of the bundle: packaging/linux/appimage.sh [APPIMAGETOOL]
# Needs dist/context-advisor (make package) and appimagetool; run it on the oldest system that is to be supported.
# Not tested: appimagetool was not available where this was written. The folder that it makes was.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
tool=${1:-appimagetool}
id=io.github.context_advisor.ContextAdvisor
folder=$root/build/AppDir

rm -rf "$folder"
mkdir -p "$folder/usr/lib" "$folder/usr/bin" "$folder/usr/share/applications" "$folder/usr/share/metainfo" \
    "$folder/usr/share/mime/packages" "$folder/usr/share/icons/hicolor/scalable/apps"
cp -a "$root/dist/context-advisor" "$folder/usr/lib/context-advisor"
for program in context-advisor context-advisor-window; do
    ln -s "../lib/context-advisor/$program" "$folder/usr/bin/$program"
done
cp "$root/packaging/linux/$id.desktop" "$folder/usr/share/applications/"
cp "$root/packaging/linux/$id.metainfo.xml" "$folder/usr/share/metainfo/"
cp "$root/packaging/linux/gguf-mime.xml" "$folder/usr/share/mime/packages/"
cp "$root/ui/icon.svg" "$folder/usr/share/icons/hicolor/scalable/apps/$id.svg"
ln -s "usr/share/applications/$id.desktop" "$folder/$id.desktop"
ln -s "usr/share/icons/hicolor/scalable/apps/$id.svg" "$folder/$id.svg"
# A verb is for the command line; files, or nothing, are for the window.
cat > "$folder/AppRun" <<'RUN'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
case "${1:-}" in
    inspect|plan|recommend|probe|export|models|devices|doctor|history|explain|-*)
        exec "$here/usr/bin/context-advisor" "$@" ;;
    *) exec "$here/usr/bin/context-advisor-window" "$@" ;;
esac
RUN
chmod +x "$folder/AppRun"
command -v "$tool" >/dev/null || { echo "$tool is not installed; the folder is ready: $folder" >&2; exit 1; }
exec "$tool" "$folder" "$root/dist/Context_Advisor-$(uname -m).AppImage"
