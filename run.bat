@echo off
rem Sets up what Context Advisor needs and opens its window: run.bat [--engine cuda] [model.gguf]
rem Any Python can start the script: it looks for Python 3.11 or newer by itself.
setlocal
set "PYTHON="
where py >nul 2>nul && set "PYTHON=py -3"
if not defined PYTHON where python >nul 2>nul && set "PYTHON=python"
if not defined PYTHON (
  echo Context Advisor needs Python 3.11 or newer, and no Python was found.
  echo Install it from python.org or the Microsoft Store, then start run.bat again.
  pause
  exit /b 1
)
%PYTHON% "%~dp0packaging\setup_env.py" run %*
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" pause
exit /b %CODE%
