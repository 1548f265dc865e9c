# The part of the installation that depends on the prefix or on existing files: the units, sendmail's other names, the configuration.
# Given: source (this folder), bin and sbin (below the prefix).
set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")

file(GLOB units RELATIVE "${source}" "${source}/*.service" "${source}/*.socket" "${source}/*.timer")
foreach(name ${units})
  file(READ "${source}/${name}" unit)
  string(REPLACE "/usr/sbin/" "${CMAKE_INSTALL_PREFIX}/${sbin}/" unit "${unit}")
  string(REPLACE "/usr/bin/mxpress " "${CMAKE_INSTALL_PREFIX}/${bin}/mxpress " unit "${unit}")
  message(STATUS "Installing: ${root}/lib/systemd/system/${name}")
  file(WRITE "${root}/lib/systemd/system/${name}" "${unit}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${name}")
endforeach()

foreach(name ${bin}/mailq ${bin}/newaliases lib/sendmail)
  message(STATUS "Installing: ${root}/${name}")
  file(CREATE_LINK "../${sbin}/sendmail" "${root}/${name}" SYMBOLIC)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/${name}")
endforeach()

# All programs look here, for any prefix.
set(configuration "$ENV{DESTDIR}/etc/mxpress/mxpress.toml")
if(EXISTS "${configuration}")
  message(STATUS "Kept as it is: ${configuration}")
else()
  message(STATUS "Installing: ${configuration}")
  file(INSTALL "${source}/mxpress.toml" DESTINATION "/etc/mxpress")  # adds DESTDIR itself
endif()

# The program itself prints the completions for shells.
foreach(place bash:bash-completion/completions/mxpress zsh:zsh/vendor-completions/_mxpress fish:fish/vendor_completions.d/mxpress.fish)
  string(REGEX MATCH "^([a-z]+):(.*)/([^/]*)$" ignored "${place}")
  set(shell "${CMAKE_MATCH_1}")
  set(folder "share/${CMAKE_MATCH_2}")
  set(name "${CMAKE_MATCH_3}")
  message(STATUS "Installing: ${root}/${folder}/${name}")
  file(MAKE_DIRECTORY "${root}/${folder}")
  execute_process(COMMAND "${root}/${bin}/mxpress" completion ${shell} OUTPUT_FILE "${root}/${folder}/${name}" COMMAND_ERROR_IS_FATAL ANY)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/${folder}/${name}")
endforeach()
