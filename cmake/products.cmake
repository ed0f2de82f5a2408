# Builds products/road_reports.yaml into room_exchange: what peers are owed unless a city says otherwise.
set(PRODUCTS_FILE ${CMAKE_SOURCE_DIR}/products/road_reports.yaml)
set(PRODUCTS_ASSEMBLY ${CMAKE_BINARY_DIR}/embedded/products.S)
file(CONFIGURE OUTPUT ${PRODUCTS_ASSEMBLY} @ONLY CONTENT [[
.section .rodata
.globl tq_products_yaml
.hidden tq_products_yaml
.globl tq_products_yaml_end
.hidden tq_products_yaml_end
tq_products_yaml: .incbin "@PRODUCTS_FILE@"
tq_products_yaml_end: .byte 0
.section .note.GNU-stack,"",%progbits
]])
set_source_files_properties(${PRODUCTS_ASSEMBLY} PROPERTIES OBJECT_DEPENDS "${PRODUCTS_FILE}")
target_sources(room_exchange PRIVATE ${PRODUCTS_ASSEMBLY})
