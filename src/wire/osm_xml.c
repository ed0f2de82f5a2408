/*
 * OSM XML: the subset of XML 1.0 that OpenStreetMap tools write, read in one pass over text in
 * memory.
 *
 * Method: a flat scanner with a stack of open element names (no recursion). Understood: attributes
 * in either quote, the five named entities and numbered ones, comments, processing instructions, a
 * DOCTYPE without inner part, CDATA (passed over). Elements that are not node, way, relation, tag,
 * nd or member are passed over with all they hold. Elements with action="delete" or visible="false"
 * (editors' files) are left out.
 *
 * Invariants: never reads past the text; a refusal names the line. Limits: osm_in.h.
 */
#include "wire/osm_in.h"

/* A decoded attribute value: a slice of the text, or of `decoded` (which may move) when at is NULL.
 */
typedef struct xml_value {
    const char *at;
    size_t offset, len;
} xml_value;

typedef struct xml_attribute {
    tq_str name;
    xml_value value;
} xml_attribute;

typedef struct xml_tag {
    xml_value key, value;
} xml_tag;

typedef struct xml_member {
    tq_osm_kind kind;
    int64_t id;
    xml_value role;
} xml_member;

typedef struct xml_reader {
    const char *start, *at, *end;
    tq_err *err;
    tq_str open[TQ_XML_DEPTH_MAX]; /* names of the open elements */
    unsigned depth, skip_from;     /* elements deeper than skip_from > 0 are passed over */
    bool closed_root;
    xml_attribute attribute[TQ_XML_ATTRIBUTES_MAX];
    unsigned attribute_count;
    tq_buf decoded; /* values with entities, of the element being read */
    tq_osm_element element;
    bool in_element, left_out;
    TQ_VEC(xml_tag) tags;
    TQ_VEC(int64_t) refs;
    TQ_VEC(xml_member) members;
    TQ_VEC(tq_osm_tag) out_tags;
    TQ_VEC(tq_osm_member) out_members;
    unsigned want;
    tq_osm_handler handler;
    void *user;
} xml_reader;

static tq_status bad(const xml_reader *xml, const char *at, const char *what)
{
    uint32_t line = 1;
    for (const char *c = xml->start; c < at; c++)
        line += *c == '\n';
    tq_status status = tq_fail(xml->err, TQ_BAD_INPUT, line, "line %u: %s", line, what);
    if (xml->err != NULL) xml->err->offset = (uint64_t)(at - xml->start);
    return status;
}

static tq_status no_memory(const xml_reader *xml)
{
    return tq_fail(xml->err, TQ_NO_MEMORY, 0, "no memory for OpenStreetMap data");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(xml_reader *xml)
{
    while (xml->at < xml->end && is_blank(*xml->at))
        xml->at++;
}

static bool looking_at(const xml_reader *xml, const char *text)
{
    return tq_str_starts((tq_str){xml->at, (size_t)(xml->end - xml->at)}, text);
}

/* Step behind the next `text`. */
static tq_status skip_behind(xml_reader *xml, const char *text, const char *what)
{
    const char *found = memmem(xml->at, (size_t)(xml->end - xml->at), text, strlen(text));
    if (found == NULL) return bad(xml, xml->at, what);
    xml->at = found + strlen(text);
    return TQ_OK;
}

static tq_str read_name(xml_reader *xml)
{
    const char *from = xml->at;
    while (xml->at < xml->end && !is_blank(*xml->at) && *xml->at != '=' && *xml->at != '>' &&
           *xml->at != '/' && *xml->at != '<' && *xml->at != '"' && *xml->at != '\'')
        xml->at++;
    return (tq_str){from, (size_t)(xml->at - from)};
}

/* Code point of the entity between & and ;, or 0. */
static uint32_t entity_code(tq_str name)
{
    static const struct {
        const char *name;
        uint32_t code;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t k = 0; k < TQ_COUNT(named); k++)
        if (tq_str_is(name, named[k].name)) return named[k].code;
    if (name.len < 2 || name.at[0] != '#') return 0;
    bool hex = name.at[1] == 'x';
    uint32_t code = 0;
    size_t from = hex ? 2 : 1;
    if (name.len == from) return 0;
    for (size_t k = from; k < name.len; k++) {
        char c = name.at[k];
        uint32_t digit = c >= '0' && c <= '9'          ? (uint32_t)(c - '0')
                         : hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : hex && c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                       : 99;
        if (digit == 99) return 0;
        code = code * (hex ? 16 : 10) + digit;
        if (code > 0x10ffff) return 0;
    }
    return code >= 0xd800 && code < 0xe000 ? 0 : code;
}

/* Value between quotes; the reader stands on the opening one. */
static tq_status read_value(xml_reader *xml, xml_value *value)
{
    if (xml->at == xml->end || (*xml->at != '"' && *xml->at != '\''))
        return bad(xml, xml->at, "an attribute has no quoted value");
    char quote = *xml->at++;
    const char *from = xml->at;
    const char *close = memchr(from, quote, (size_t)(xml->end - from));
    if (close == NULL) return bad(xml, from, "an attribute's value has no closing quote");
    xml->at = close + 1;
    if (memchr(from, '<', (size_t)(close - from)) != NULL)
        return bad(xml, from, "an attribute's value holds a <");
    if (memchr(from, '&', (size_t)(close - from)) == NULL) {
        *value = (xml_value){from, 0, (size_t)(close - from)};
        return TQ_OK;
    }
    size_t start = xml->decoded.len;
    for (const char *c = from; c < close;) {
        if (*c != '&') {
            tq_buf_putc(&xml->decoded, *c++);
            continue;
        }
        const char *stop = memchr(c, ';', (size_t)TQ_MIN(close - c, 12));
        uint32_t code = stop == NULL ? 0 : entity_code((tq_str){c + 1, (size_t)(stop - c - 1)});
        if (code == 0)
            return bad(xml, c,
                       "an entity is not known; &amp; &lt; &gt; &quot; &apos; and numbers are");
        char bytes[4];
        tq_buf_put(&xml->decoded, bytes, tq_utf8_put(code, bytes));
        c = stop + 1;
    }
    if (xml->decoded.failed) return no_memory(xml);
    *value = (xml_value){NULL, start, xml->decoded.len - start};
    return TQ_OK;
}

static tq_str text_of(const xml_reader *xml, xml_value value)
{
    return (tq_str){value.at != NULL ? value.at : xml->decoded.at + value.offset, value.len};
}

static const xml_attribute *attribute_named(const xml_reader *xml, const char *name)
{
    for (unsigned k = 0; k < xml->attribute_count; k++)
        if (tq_str_is(xml->attribute[k].name, name)) return &xml->attribute[k];
    return NULL;
}

static bool attribute_is(const xml_reader *xml, const char *name, const char *value)
{
    const xml_attribute *attribute = attribute_named(xml, name);
    return attribute != NULL && tq_str_is(text_of(xml, attribute->value), value);
}

static tq_status read_id(const xml_reader *xml, const char *name, int64_t *id)
{
    const xml_attribute *attribute = attribute_named(xml, name);
    if (attribute == NULL || !tq_parse_i64(text_of(xml, attribute->value), id))
        return bad(xml, xml->at, "an element lacks its id, or it is not a number");
    return TQ_OK;
}

static tq_status begin_element(xml_reader *xml, tq_osm_kind kind)
{
    tq_osm_element element = {.kind = kind};
    TQ_TRY(read_id(xml, "id", &element.id));
    xml->left_out = attribute_is(xml, "action", "delete") || attribute_is(xml, "visible", "false");
    if (kind == TQ_OSM_NODE && !xml->left_out) {
        const xml_attribute *lat = attribute_named(xml, "lat"), *lon = attribute_named(xml, "lon");
        if (lat == NULL || lon == NULL || !tq_parse_e7(text_of(xml, lat->value), &element.lat_e7) ||
            !tq_parse_e7(text_of(xml, lon->value), &element.lon_e7) ||
            element.lat_e7 < -900000000 || element.lat_e7 > 900000000 ||
            element.lon_e7 < -1800000000 || element.lon_e7 > 1800000000)
            return bad(xml, xml->at, "a node has no position within +-90, +-180 degrees");
    }
    xml->element = element;
    xml->tags.count = xml->refs.count = xml->members.count = 0;
    xml->in_element = true;
    return TQ_OK;
}

static tq_status add_tag(xml_reader *xml)
{
    const xml_attribute *key = attribute_named(xml, "k"), *value = attribute_named(xml, "v");
    if (key == NULL || value == NULL) return bad(xml, xml->at, "a tag lacks k or v");
    if (xml->tags.count >= TQ_OSM_TAGS_MAX)
        return bad(xml, xml->at, "an element has over 65536 tags");
    return tq_vec_push(&xml->tags, ((xml_tag){key->value, value->value})) ? TQ_OK : no_memory(xml);
}

static tq_status add_ref(xml_reader *xml)
{
    int64_t id = 0;
    TQ_TRY(read_id(xml, "ref", &id));
    if (xml->refs.count >= TQ_OSM_REFS_MAX)
        return bad(xml, xml->at, "a way has over 1048576 nodes");
    return tq_vec_push(&xml->refs, id) ? TQ_OK : no_memory(xml);
}

static tq_status add_member(xml_reader *xml)
{
    xml_member member = {0};
    TQ_TRY(read_id(xml, "ref", &member.id));
    if (attribute_is(xml, "type", "node"))
        member.kind = TQ_OSM_NODE;
    else if (attribute_is(xml, "type", "way"))
        member.kind = TQ_OSM_WAY;
    else if (attribute_is(xml, "type", "relation"))
        member.kind = TQ_OSM_RELATION;
    else
        return bad(xml, xml->at, "a member is neither node, way nor relation");
    const xml_attribute *role = attribute_named(xml, "role");
    member.role = role != NULL ? role->value : (xml_value){xml->start, 0, 0};
    if (xml->members.count >= TQ_OSM_MEMBERS_MAX)
        return bad(xml, xml->at, "a relation has over 1048576 members");
    return tq_vec_push(&xml->members, member) ? TQ_OK : no_memory(xml);
}

/* The element is complete: hand it out if it is wanted. */
static tq_status end_element(xml_reader *xml)
{
    static const unsigned wants[] = {TQ_OSM_WANT_NODES, TQ_OSM_WANT_WAYS, TQ_OSM_WANT_RELATIONS};
    tq_osm_element *element = &xml->element;
    xml->in_element = false;
    bool wanted = (wants[element->kind] & xml->want) != 0 ||
                  (element->kind == TQ_OSM_NODE && (xml->want & TQ_OSM_WANT_TAGGED_NODES) != 0 &&
                   xml->tags.count > 0);
    if (wanted && !xml->left_out) {
        xml->out_tags.count = xml->out_members.count = 0;
        for (size_t k = 0; k < xml->tags.count; k++) {
            tq_osm_tag tag = {text_of(xml, xml->tags.at[k].key),
                              text_of(xml, xml->tags.at[k].value)};
            if (!tq_vec_push(&xml->out_tags, tag)) return no_memory(xml);
        }
        for (size_t k = 0; k < xml->members.count; k++) {
            const xml_member *from = &xml->members.at[k];
            tq_osm_member member = {from->kind, from->id, text_of(xml, from->role)};
            if (!tq_vec_push(&xml->out_members, member)) return no_memory(xml);
        }
        element->tag = xml->out_tags.at;
        element->tag_count = (uint32_t)xml->out_tags.count;
        element->ref = xml->refs.at;
        element->ref_count = (uint32_t)xml->refs.count;
        element->member = xml->out_members.at;
        element->member_count = (uint32_t)xml->out_members.count;
        TQ_TRY(xml->handler(xml->user, element, xml->err));
    }
    xml->decoded.len = 0;
    return TQ_OK;
}

/* A start tag has been read; it is now the innermost open element. */
static tq_status start_tag(xml_reader *xml, tq_str name)
{
    if (xml->skip_from > 0) return TQ_OK;
    if (xml->depth == 1) {
        if (!tq_str_is(name, "osm"))
            return bad(xml, name.at,
                       "the outermost element is not <osm>; change files are not read");
        return TQ_OK;
    }
    if (xml->depth == 2) {
        if (tq_str_is(name, "node")) return begin_element(xml, TQ_OSM_NODE);
        if (tq_str_is(name, "way")) return begin_element(xml, TQ_OSM_WAY);
        if (tq_str_is(name, "relation")) return begin_element(xml, TQ_OSM_RELATION);
    } else if (xml->depth == 3 && xml->in_element) {
        if (tq_str_is(name, "tag")) return add_tag(xml);
        if (tq_str_is(name, "nd")) return add_ref(xml);
        if (tq_str_is(name, "member")) return add_member(xml);
    }
    xml->skip_from = xml->depth;
    return TQ_OK;
}

static tq_status end_tag(xml_reader *xml)
{
    if (xml->skip_from == xml->depth) xml->skip_from = 0;
    if (xml->depth == 2 && xml->in_element) TQ_TRY(end_element(xml));
    /* Values outside elements (bounds, notes) need not be kept. */
    if (!xml->in_element) xml->decoded.len = 0;
    if (--xml->depth == 0) xml->closed_root = true;
    return TQ_OK;
}

static tq_status read_attributes(xml_reader *xml, bool *empty)
{
    xml->attribute_count = 0;
    for (;;) {
        skip_blanks(xml);
        if (xml->at == xml->end)
            return bad(xml, xml->at, "the text ends inside a tag; it was cut off");
        *empty = *xml->at == '/';
        if (*empty) xml->at++;
        if (xml->at < xml->end && *xml->at == '>') {
            xml->at++;
            return TQ_OK;
        }
        if (*empty) return bad(xml, xml->at, "a / in a tag is not followed by >");
        if (xml->attribute_count == TQ_XML_ATTRIBUTES_MAX)
            return bad(xml, xml->at, "a tag has over 32 attributes");
        xml_attribute *attribute = &xml->attribute[xml->attribute_count];
        attribute->name = read_name(xml);
        skip_blanks(xml);
        if (attribute->name.len == 0 || xml->at == xml->end || *xml->at != '=')
            return bad(xml, xml->at, "a tag holds something that is no attribute");
        xml->at++;
        skip_blanks(xml);
        TQ_TRY(read_value(xml, &attribute->value));
        xml->attribute_count++;
    }
}

/* The reader stands on `<`. */
static tq_status read_markup(xml_reader *xml)
{
    if (looking_at(xml, "<!--")) return skip_behind(xml, "-->", "a comment is not closed");
    if (looking_at(xml, "<?"))
        return skip_behind(xml, "?>", "a processing instruction is not closed");
    if (looking_at(xml, "<![CDATA[")) return skip_behind(xml, "]]>", "a CDATA part is not closed");
    if (looking_at(xml, "<!")) {
        const char *from = xml->at;
        TQ_TRY(skip_behind(xml, ">", "a declaration is not closed"));
        if (memchr(from, '[', (size_t)(xml->at - from)) != NULL)
            return bad(xml, from, "a document type with inner declarations is not read");
        return TQ_OK;
    }
    if (looking_at(xml, "</")) {
        xml->at += 2;
        tq_str name = read_name(xml);
        skip_blanks(xml);
        if (xml->at == xml->end || *xml->at != '>' || xml->depth == 0 ||
            !tq_str_eq(name, xml->open[xml->depth - 1]))
            return bad(xml, name.at, "a closing tag does not match the open element");
        xml->at++;
        return end_tag(xml);
    }
    xml->at++;
    tq_str name = read_name(xml);
    bool empty = false;
    if (name.len == 0) return bad(xml, xml->at, "a < is not followed by a name");
    if (xml->closed_root) return bad(xml, name.at, "there is something behind </osm>");
    if (xml->depth == TQ_XML_DEPTH_MAX)
        return bad(xml, name.at, "elements are nested over 32 deep");
    TQ_TRY(read_attributes(xml, &empty));
    xml->open[xml->depth++] = name;
    TQ_TRY(start_tag(xml, name));
    return empty ? end_tag(xml) : TQ_OK;
}

static tq_status read_all(xml_reader *xml)
{
    if (looking_at(xml, "\xef\xbb\xbf")) xml->at += 3;
    for (;;) {
        const char *markup = memchr(xml->at, '<', (size_t)(xml->end - xml->at));
        if (markup == NULL) break;
        xml->at = markup;
        TQ_TRY(read_markup(xml));
    }
    if (!xml->closed_root)
        return bad(xml, xml->end, "the text ends before </osm>; it was cut off or is no OSM XML");
    return TQ_OK;
}

tq_status tq_osm_xml_read(tq_str text, unsigned want, tq_osm_handler handler, void *user,
                          tq_err *err)
{
    if (text.at == NULL) text = TQ_STR("");
    xml_reader xml = {.start = text.at,
                      .at = text.at,
                      .end = text.at + text.len,
                      .err = err,
                      .want = want,
                      .handler = handler,
                      .user = user};
    tq_status status = read_all(&xml);
    tq_buf_free(&xml.decoded);
    tq_vec_free(&xml.tags);
    tq_vec_free(&xml.refs);
    tq_vec_free(&xml.members);
    tq_vec_free(&xml.out_tags);
    tq_vec_free(&xml.out_members);
    return status;
}
