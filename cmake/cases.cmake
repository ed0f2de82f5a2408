# Builds cases/*.yaml into room_desk: the case types that need no city folder.
file(GLOB CASE_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cases/*.yaml)
list(SORT CASE_FILES)
set(CASE_BLOBS "")
set(CASE_TABLE "")
set(CASE_NUMBER 0)
foreach(FILE ${CASE_FILES})
  get_filename_component(CASE_NAME ${FILE} NAME_WE)
  string(APPEND CASE_BLOBS "cname${CASE_NUMBER}: .asciz \"${CASE_NAME}\"\ncase${CASE_NUMBER}: .incbin \"${FILE}\"\ncase${CASE_NUMBER}_end: .byte 0\n")
  string(APPEND CASE_TABLE ".quad cname${CASE_NUMBER}, case${CASE_NUMBER}, case${CASE_NUMBER}_end - case${CASE_NUMBER}\n")
  math(EXPR CASE_NUMBER "${CASE_NUMBER} + 1")
endforeach()

set(CASE_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/cases.S)
file(CONFIGURE OUTPUT ${CASE_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@CASE_BLOBS@
.globl tq_case_file_count
.hidden tq_case_file_count
.balign 16
tq_case_file_count: .quad @CASE_NUMBER@
.section .data.rel.ro,"aw"
.globl tq_case_files
.hidden tq_case_files
.balign 16
tq_case_files:
@CASE_TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${CASE_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${CASE_FILES}")
target_sources(room_desk PRIVATE ${CASE_ASSEMBLY})
