/* Limits of one OSM element, shared by the PBF and the XML reader; each is named when broken. */
#ifndef TQ_WIRE_OSM_IN_H
#define TQ_WIRE_OSM_IN_H

#include "wire/wire.h"

#define TQ_OSM_REFS_MAX    (1u << 20) /* nodes of a way; the OSM database itself allows 2 000 */
#define TQ_OSM_MEMBERS_MAX (1u << 20) /* members of a relation; the OSM database allows 32 000 */
#define TQ_OSM_TAGS_MAX    (1u << 16) /* tags of one element */
#define TQ_OSM_TEXT_MAX    4096u      /* bytes of a key, value or role; OSM allows 255 characters */

#define TQ_PBF_BLOB_HEADER_MAX (64u << 10) /* OSM PBF format: hard limit of a BlobHeader */
#define TQ_PBF_BLOB_MAX        (32u << 20) /* and of a Blob, packed and unpacked */
#define TQ_PBF_STRINGS_MAX                                                                         \
    (1u << 20) /* strings of one block; common writers stay below 100 000                          \
                */

#define TQ_XML_DEPTH_MAX      32
#define TQ_XML_ATTRIBUTES_MAX 32

#endif
