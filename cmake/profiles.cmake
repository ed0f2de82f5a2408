# Builds profiles/*.yaml into room_import: one assembler file with .incbin, in the order of tq_profile
# (include/tongqu/route.h).
set(PROFILES foot elder wheelchair bike car taxi bus lorry_light lorry_medium lorry_heavy lorry_hazmat ambulance)
set(EMBEDDED ${CMAKE_BINARY_DIR}/embedded)
file(MAKE_DIRECTORY ${EMBEDDED})

set(BLOBS "")
set(TABLE "")
set(NEEDED "")
set(NUMBER 0)
foreach(PROFILE ${PROFILES})
  set(FILE ${CMAKE_SOURCE_DIR}/profiles/${PROFILE}.yaml)
  string(APPEND BLOBS "name${NUMBER}: .asciz \"${PROFILE}\"\nprofile${NUMBER}: .incbin \"${FILE}\"\nprofile${NUMBER}_end: .byte 0\n")
  string(APPEND TABLE ".quad name${NUMBER}, profile${NUMBER}, profile${NUMBER}_end - profile${NUMBER}\n")
  list(APPEND NEEDED ${FILE})
  math(EXPR NUMBER "${NUMBER} + 1")
endforeach()

set(ASSEMBLY ${EMBEDDED}/profiles.S)
file(CONFIGURE OUTPUT ${ASSEMBLY} @ONLY CONTENT [[
.section .rodata
@BLOBS@
.globl tq_profile_file_count
.hidden tq_profile_file_count
.balign 16
tq_profile_file_count: .quad @NUMBER@
.section .data.rel.ro,"aw"
.globl tq_profile_files
.hidden tq_profile_files
.balign 16
tq_profile_files:
@TABLE@
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${NEEDED}")
target_sources(room_import PRIVATE ${ASSEMBLY})
