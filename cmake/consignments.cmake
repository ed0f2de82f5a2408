# Builds consignments/*.yaml into room_desk: lives of consignments.
file(GLOB CONSIGNMENT_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/consignments/*.yaml)
list(SORT CONSIGNMENT_FILES)
set(CONSIGNMENT_BLOBS "")
set(CONSIGNMENT_TABLE "")
set(CONSIGNMENT_NUMBER 0)
foreach(FILE ${CONSIGNMENT_FILES})
  get_filename_component(CONSIGNMENT_NAME ${FILE} NAME_WE)
  string(APPEND CONSIGNMENT_BLOBS "gname${CONSIGNMENT_NUMBER}: .asciz \"${CONSIGNMENT_NAME}\"\nconsignment${CONSIGNMENT_NUMBER}: .incbin \"${FILE}\"\nconsignment${CONSIGNMENT_NUMBER}_end: .byte 0\n")
  string(APPEND CONSIGNMENT_TABLE ".quad gname${CONSIGNMENT_NUMBER}, consignment${CONSIGNMENT_NUMBER}, consignment${CONSIGNMENT_NUMBER}_end - consignment${CONSIGNMENT_NUMBER}\n")
  math(EXPR CONSIGNMENT_NUMBER "${CONSIGNMENT_NUMBER} + 1")
endforeach()

set(CONSIGNMENT_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/consignments.S)
file(CONFIGURE OUTPUT ${CONSIGNMENT_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@CONSIGNMENT_BLOBS@
.globl tq_consignment_file_count
.hidden tq_consignment_file_count
.balign 16
tq_consignment_file_count: .quad @CONSIGNMENT_NUMBER@
.section .data.rel.ro,"aw"
.globl tq_consignment_files
.hidden tq_consignment_files
.balign 16
tq_consignment_files:
@CONSIGNMENT_TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${CONSIGNMENT_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${CONSIGNMENT_FILES}")
target_sources(room_desk PRIVATE ${CONSIGNMENT_ASSEMBLY})
