/*
 * A JSON object as XML 1.0, for papers whose form is XML: members become elements in the order in
 * which they were put, lists repeat their element, null is an empty element. No recursion: a stack
 * as deep as papers are. Characters that XML cannot hold are written as U+FFFD.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

#define XML_DEPTH_MAX 12u

typedef struct xml_frame {
    const char *close; /* element to end when this one is done; NULL = none */
    const char *name;  /* of a list: its element */
    json_t *value;
    void *member;
    size_t at;
} xml_frame;

static void put_text(tq_buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        uint8_t byte = (uint8_t)*c;
        if (byte == '<')
            tq_buf_puts(out, "&lt;");
        else if (byte == '>')
            tq_buf_puts(out, "&gt;");
        else if (byte == '&')
            tq_buf_puts(out, "&amp;");
        else if (byte < 0x20 && byte != '\t' && byte != '\n')
            tq_buf_puts(out, "\xEF\xBF\xBD");
        else
            tq_buf_putc(out, *c);
    }
}

static void put_value(tq_buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING: put_text(out, json_string_value(value)); break;
    case JSON_INTEGER: tq_buf_i64(out, json_integer_value(value)); break;
    case JSON_REAL: tq_buf_printf(out, "%.10g", json_real_value(value)); break;
    case JSON_TRUE: tq_buf_puts(out, "true"); break;
    case JSON_FALSE: tq_buf_puts(out, "false"); break;
    default: break;
    }
}

static void indent(tq_buf *out, uint32_t depth)
{
    tq_buf_putc(out, '\n');
    for (uint32_t k = 0; k < depth; k++)
        tq_buf_puts(out, "  ");
}

/* Open what stands under a name; a frame is pushed for what has parts. */
static bool open_value(tq_buf *out, xml_frame *stack, uint32_t *depth, uint32_t level,
                       const char *name, json_t *value)
{
    bool object = json_is_object(value), list = json_is_array(value);
    if (!object && !list) {
        indent(out, level);
        tq_buf_printf(out, "<%s>", name);
        put_value(out, value);
        tq_buf_printf(out, "</%s>", name);
        return true;
    }
    if (*depth == XML_DEPTH_MAX) return false;
    if (object) {
        indent(out, level);
        tq_buf_printf(out, "<%s>", name);
    }
    stack[(*depth)++] = (xml_frame){.close = object ? name : NULL,
                                    .name = name,
                                    .value = value,
                                    .member = object ? json_object_iter(value) : NULL};
    return true;
}

tq_status cons_xml(const char *root, const json_t *value, tq_buf *out, tq_err *err)
{
    xml_frame stack[XML_DEPTH_MAX];
    uint32_t depth = 0, level = 0;
    tq_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    bool good = open_value(out, stack, &depth, level, root, (json_t *)(uintptr_t)value);
    level = 1;
    while (good && depth > 0) {
        xml_frame *top = &stack[depth - 1];
        if (top->close != NULL && top->member != NULL) {
            const char *name = json_object_iter_key(top->member);
            json_t *inner = json_object_iter_value(top->member);
            top->member = json_object_iter_next(top->value, top->member);
            good = open_value(out, stack, &depth, level, name, inner);
            if (json_is_object(inner)) level++;
        } else if (top->close == NULL && top->at < json_array_size(top->value)) {
            json_t *inner = json_array_get(top->value, top->at++);
            good = open_value(out, stack, &depth, level, top->name, inner);
            if (json_is_object(inner)) level++;
        } else {
            if (top->close != NULL) {
                level--;
                indent(out, level);
                tq_buf_printf(out, "</%s>", top->close);
            }
            depth--;
        }
    }
    tq_buf_putc(out, '\n');
    if (!good) return tq_fail(err, TQ_LIMIT, 0, "the paper is nested too deeply");
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the paper") : TQ_OK;
}
