# Read by CPack for each kind of package: its prefix, and which components are in it.
list(GET CPACK_INSTALL_CMAKE_PROJECTS 0 build)
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_INSTALL_CMAKE_PROJECTS "${build};rollcall;ALL;/")
else()
  set(CPACK_INSTALL_CMAKE_PROJECTS "${build};rollcall;program;/")
endif()
