# SPDX-License-Identifier: BSD-2-Clause
# For CMake's find_package(netspy). It defines
#
#   netspy::netspy   to link a program with; it brings <netspy.h>
#   netspy::static   instead, where programs are linked with -static
#   netspy::wrap     to link a shared library with: its own calls only
#   NETSPY_COMMAND   netspy(1)
#   NETSPY_PRELOAD   the library for LD_PRELOAD
#
#   netspy_add_test(NAME name COMMAND program [argument...]
#                   [DIRECTORY folder] [other arguments of add_test])
#                    add_test, which leaves the capture of a test that fails in
#                    folder, or else in the folder "captures" of the build

get_filename_component(_netspy_libdir "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_netspy_prefix "${_netspy_libdir}/.." ABSOLUTE)
find_program(NETSPY_COMMAND netspy HINTS "${_netspy_prefix}/bin")
find_path(NETSPY_INCLUDE_DIR netspy.h HINTS "${_netspy_prefix}/include")
set(NETSPY_PRELOAD "${_netspy_libdir}/libnetspy.so")

set(_netspy_wraps "-Wl,@${_netspy_libdir}/netspy/link.opts")
set(_netspy_static_wraps "-Wl,@${_netspy_libdir}/netspy/link-static.opts")

function(_netspy_target name directory library)
  if(NOT TARGET netspy::${name})
    add_library(netspy::${name} INTERFACE IMPORTED)
    set_target_properties(netspy::${name} PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${NETSPY_INCLUDE_DIR}"
      INTERFACE_LINK_DIRECTORIES "${directory}"
      INTERFACE_LINK_LIBRARIES "${library}"
      INTERFACE_LINK_OPTIONS "${ARGN}")
  endif()
endfunction()

_netspy_target(netspy "${_netspy_libdir}" netspy-link
  -Wl,--undefined=netspy_link_anchor)
_netspy_target(static "${_netspy_libdir}" netspy-link
  -Wl,--undefined=netspy_static_guard
  "${_netspy_wraps}" "${_netspy_static_wraps}")
_netspy_target(wrap "${_netspy_libdir}/netspy" netspy-wrap "${_netspy_wraps}")

function(netspy_add_test)
  cmake_parse_arguments(_test "" "NAME;DIRECTORY" "COMMAND" ${ARGN})
  list(GET _test_COMMAND 0 _program)
  if(TARGET "${_program}")
    list(REMOVE_AT _test_COMMAND 0)
    list(INSERT _test_COMMAND 0 "$<TARGET_FILE:${_program}>")
  endif()
  if(NOT _test_DIRECTORY)
    set(_test_DIRECTORY "${CMAKE_BINARY_DIR}/captures")
  endif()
  add_test(NAME "${_test_NAME}" COMMAND "${NETSPY_COMMAND}" --on-failure
    --dir "${_test_DIRECTORY}" --test "${_test_NAME}" -- ${_test_COMMAND}
    ${_test_UNPARSED_ARGUMENTS})
endfunction()
