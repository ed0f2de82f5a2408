# Builds policies/*.yaml into room_desk: the policies of dispatch that need no city folder.
file(GLOB POLICY_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/policies/*.yaml)
list(SORT POLICY_FILES)
set(POLICY_BLOBS "")
set(POLICY_TABLE "")
set(POLICY_NUMBER 0)
foreach(FILE ${POLICY_FILES})
  get_filename_component(POLICY_NAME ${FILE} NAME_WE)
  string(APPEND POLICY_BLOBS "pname${POLICY_NUMBER}: .asciz \"${POLICY_NAME}\"\npolicy${POLICY_NUMBER}: .incbin \"${FILE}\"\npolicy${POLICY_NUMBER}_end: .byte 0\n")
  string(APPEND POLICY_TABLE ".quad pname${POLICY_NUMBER}, policy${POLICY_NUMBER}, policy${POLICY_NUMBER}_end - policy${POLICY_NUMBER}\n")
  math(EXPR POLICY_NUMBER "${POLICY_NUMBER} + 1")
endforeach()

set(POLICY_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/policies.S)
file(CONFIGURE OUTPUT ${POLICY_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@POLICY_BLOBS@
.globl tq_policy_file_count
.hidden tq_policy_file_count
.balign 16
tq_policy_file_count: .quad @POLICY_NUMBER@
.section .data.rel.ro,"aw"
.globl tq_policy_files
.hidden tq_policy_files
.balign 16
tq_policy_files:
@POLICY_TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${POLICY_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${POLICY_FILES}")
target_sources(room_desk PRIVATE ${POLICY_ASSEMBLY})
