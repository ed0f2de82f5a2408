# Builds docs/api/openapi.yaml and the console's files (web/dist, made by `npm run build` in web/) into room_serve:
# one assembler file with .incbin, and for texts a gzip -9 twin. Without web/dist the table is empty.
set(DIST ${CMAKE_SOURCE_DIR}/web/dist)
file(GLOB_RECURSE DIST_FILES CONFIGURE_DEPENDS ${DIST}/*)
list(SORT DIST_FILES)
find_program(GZIP gzip REQUIRED)
set(EMBEDDED ${CMAKE_BINARY_DIR}/embedded)
file(MAKE_DIRECTORY ${EMBEDDED})

set(BLOBS "")
set(TABLE "")
set(NEEDED ${CMAKE_SOURCE_DIR}/docs/api/openapi.yaml)
set(NUMBER 0)
foreach(FILE ${DIST_FILES})
  file(RELATIVE_PATH NAME ${DIST} ${FILE})
  if(NAME MATCHES "\\.map$")
    continue()
  endif()
  set(URL "/${NAME}")
  if(NAME STREQUAL "index.html")
    set(URL "/")
  endif()
  string(APPEND BLOBS "path${NUMBER}: .asciz \"${URL}\"\n.balign 16\nfile${NUMBER}: .incbin \"${FILE}\"\nfile${NUMBER}_end:\n")
  list(APPEND NEEDED ${FILE})
  set(GZIP_ROW "0, 0")
  if(NAME MATCHES "\\.(html|js|mjs|css|json|svg|txt|webmanifest)$")
    set(PACKED ${EMBEDDED}/${NUMBER}.gz)
    add_custom_command(OUTPUT ${PACKED} COMMAND ${GZIP} -9 -n -c ${FILE} > ${PACKED} DEPENDS ${FILE} VERBATIM)
    string(APPEND BLOBS "gzip${NUMBER}: .incbin \"${PACKED}\"\ngzip${NUMBER}_end:\n")
    list(APPEND NEEDED ${PACKED})
    set(GZIP_ROW "gzip${NUMBER}, gzip${NUMBER}_end - gzip${NUMBER}")
  endif()
  string(APPEND TABLE ".quad path${NUMBER}, file${NUMBER}, file${NUMBER}_end - file${NUMBER}, ${GZIP_ROW}\n")
  math(EXPR NUMBER "${NUMBER} + 1")
endforeach()

set(ASSEMBLY ${EMBEDDED}/embedded.S)
file(CONFIGURE OUTPUT ${ASSEMBLY} @ONLY CONTENT [[
.section .rodata
.globl tq_openapi_yaml, tq_openapi_yaml_end
.hidden tq_openapi_yaml, tq_openapi_yaml_end
.balign 16
tq_openapi_yaml: .incbin "@CMAKE_SOURCE_DIR@/docs/api/openapi.yaml"
tq_openapi_yaml_end: .byte 0
.globl tq_console_file_count
.hidden tq_console_file_count
.balign 16
tq_console_file_count: .quad @NUMBER@
@BLOBS@
.section .data.rel.ro,"aw"
.globl tq_console_files
.hidden tq_console_files
.balign 16
tq_console_files:
@TABLE@.quad 0
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${NEEDED}")
target_sources(room_serve PRIVATE ${ASSEMBLY})
