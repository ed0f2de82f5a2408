# Builds orders/*.yaml into room_desk: lives of orders and the rules of the phone desk.
file(GLOB ORDER_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/orders/*.yaml)
list(SORT ORDER_FILES)
set(ORDER_BLOBS "")
set(ORDER_TABLE "")
set(ORDER_NUMBER 0)
foreach(FILE ${ORDER_FILES})
  get_filename_component(ORDER_NAME ${FILE} NAME_WE)
  string(APPEND ORDER_BLOBS "oname${ORDER_NUMBER}: .asciz \"${ORDER_NAME}\"\norder${ORDER_NUMBER}: .incbin \"${FILE}\"\norder${ORDER_NUMBER}_end: .byte 0\n")
  string(APPEND ORDER_TABLE ".quad oname${ORDER_NUMBER}, order${ORDER_NUMBER}, order${ORDER_NUMBER}_end - order${ORDER_NUMBER}\n")
  math(EXPR ORDER_NUMBER "${ORDER_NUMBER} + 1")
endforeach()

set(ORDER_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/orders.S)
file(CONFIGURE OUTPUT ${ORDER_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@ORDER_BLOBS@
.globl tq_order_file_count
.hidden tq_order_file_count
.balign 16
tq_order_file_count: .quad @ORDER_NUMBER@
.section .data.rel.ro,"aw"
.globl tq_order_files
.hidden tq_order_files
.balign 16
tq_order_files:
@ORDER_TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${ORDER_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${ORDER_FILES}")
target_sources(room_desk PRIVATE ${ORDER_ASSEMBLY})
