; Inno Setup: an installer for one user, without administrator's rights, from dist\context-advisor.
; NOT TESTED: written where no Windows was. Build with: iscc packaging\windows\context-advisor.iss

#define Name "Context Advisor"
#ifndef Version
  #define Version "0.1.0"
#endif

[Setup]
AppId={{6B0D5C0B-7C1B-4C7B-9E56-4C0C5A1D7E42}
AppName={#Name}
AppVersion={#Version}
AppPublisher=The Context Advisor authors
DefaultDirName={autopf}\Context Advisor
DefaultGroupName={#Name}
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=ContextAdvisor-{#Version}-setup
Compression=lzma2
SolidCompression=yes
ChangesAssociations=yes
ChangesEnvironment=yes
UninstallDisplayIcon={app}\context-advisor-window.exe

[Tasks]
Name: "path"; Description: "Make the command context-advisor available in every terminal"; Flags: unchecked

[Files]
Source: "..\..\dist\context-advisor\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\{#Name}"; Filename: "{app}\context-advisor-window.exe"

[Registry]
; Offered under "Open with" for .gguf; what the user has chosen before stays.
Root: HKCU; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "ContextAdvisor.gguf"; ValueData: ""; Flags: uninsdeletevalue
Root: HKCU; Subkey: "Software\Classes\ContextAdvisor.gguf"; ValueType: string; ValueData: "GGUF language model"; Flags: uninsdeletekey
Root: HKCU; Subkey: "Software\Classes\ContextAdvisor.gguf\shell\open\command"; ValueType: string; ValueData: """{app}\context-advisor-window.exe"" ""%1"""
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: IsNotOnPath

[Code]
function IsNotOnPath: Boolean;
var
  Path: string;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Path) then
    Path := '';
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Path) + ';') = 0;
end;
