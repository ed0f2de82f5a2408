# Builds lines/*.yaml into room_desk: the rules of custom bus lines that need no city folder.
file(GLOB LINE_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lines/*.yaml)
list(SORT LINE_FILES)
set(LINE_BLOBS "")
set(LINE_TABLE "")
set(LINE_NUMBER 0)
foreach(FILE ${LINE_FILES})
  get_filename_component(LINE_NAME ${FILE} NAME_WE)
  string(APPEND LINE_BLOBS "lname${LINE_NUMBER}: .asciz \"${LINE_NAME}\"\nline${LINE_NUMBER}: .incbin \"${FILE}\"\nline${LINE_NUMBER}_end: .byte 0\n")
  string(APPEND LINE_TABLE ".quad lname${LINE_NUMBER}, line${LINE_NUMBER}, line${LINE_NUMBER}_end - line${LINE_NUMBER}\n")
  math(EXPR LINE_NUMBER "${LINE_NUMBER} + 1")
endforeach()

set(LINE_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/lines.S)
file(CONFIGURE OUTPUT ${LINE_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@LINE_BLOBS@
.globl tq_line_file_count
.hidden tq_line_file_count
.balign 16
tq_line_file_count: .quad @LINE_NUMBER@
.section .data.rel.ro,"aw"
.globl tq_line_files
.hidden tq_line_files
.balign 16
tq_line_files:
@LINE_TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${LINE_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${LINE_FILES}")
target_sources(room_desk PRIVATE ${LINE_ASSEMBLY})
