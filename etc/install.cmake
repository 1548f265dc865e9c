# The part of the installation that depends on the prefix or on what is there: the units, sendmail's other names, the configuration.
# Given: source (this folder), bin and sbin (below the prefix).
set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")

foreach(name mxpress.service mxpress-runner.service mxpress-runner.socket mxpress-deliver.service mxpress-deliver.socket mxpress-alert.service)
  file(READ "${source}/${name}" unit)
  string(REPLACE "/usr/sbin/" "${CMAKE_INSTALL_PREFIX}/${sbin}/" unit "${unit}")
  message(STATUS "Installing: ${root}/lib/systemd/system/${name}")
  file(WRITE "${root}/lib/systemd/system/${name}" "${unit}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${name}")
endforeach()

foreach(name ${bin}/mailq ${bin}/newaliases lib/sendmail)
  message(STATUS "Installing: ${root}/${name}")
  file(CREATE_LINK "../${sbin}/sendmail" "${root}/${name}" SYMBOLIC)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/${name}")
endforeach()

# All programs look here, whatever the prefix is.
set(configuration "$ENV{DESTDIR}/etc/mxpress/mxpress.toml")
if(EXISTS "${configuration}")
  message(STATUS "Kept as it is: ${configuration}")
else()
  message(STATUS "Installing: ${configuration}")
  file(INSTALL "${source}/mxpress.toml" DESTINATION "/etc/mxpress")  # adds DESTDIR itself
endif()
