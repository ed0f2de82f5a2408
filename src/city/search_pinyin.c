/*
 * Readings of characters for the search index: ICU's Han-Latin transliteration gives the common
 * one, a table of characters that are read otherwise in names of places gives the others. Each
 * character is asked once.
 *
 * Letters are without tones. The sound u-umlaut is typed v, u or yu on keyboards and signs: all are
 * readings.
 */
#include <unicode/utrans.h>

#include "city/search_in.h"

typedef struct reading_row {
    uint32_t code; /* 0 = empty slot */
    uint32_t count;
    char text[SEARCH_READINGS_OF_ONE][8];
} reading_row;

struct search_pinyin {
    UTransliterator *han;
    reading_row *row;
    uint32_t slots, used;
};

/* Character and its other readings; the order within a line is that of use in names of places. */
static const char *const other_readings[] = {
    "长 chang zhang", "行 xing hang",   "重 chong zhong", "乐 le yue",     "都 du dou",
    "单 shan dan",    "朝 chao zhao",   "厦 xia sha",     "大 da dai",     "解 xie jie",
    "石 shi dan",     "会 hui kuai",    "阿 a e",         "堡 bao pu bu",  "埔 pu bu",
    "泊 bo po",       "蔚 yu wei",      "莘 shen xin",    "涡 guo wo",     "番 pan fan",
    "六 liu lu",      "荥 xing ying",   "浚 xun jun",     "柏 bai bo",     "薄 bo bao",
    "车 che ju",      "盛 sheng cheng", "召 zhao shao",   "区 qu ou",      "查 cha zha",
    "翟 zhai di",     "万 wan mo",      "尉 wei yu",      "省 sheng xing", "藏 cang zang",
    "校 xiao jiao",   "传 chuan zhuan", "弹 dan tan",     "调 diao tiao",  "和 he huo",
    "角 jiao jue",    "降 jiang xiang", "强 qiang jiang", "巷 xiang hang", "洞 dong tong",
    "缉 ji qi",       "种 zhong chong", "沈 shen chen",   "提 ti di",      "折 zhe she",
    "洗 xi xian",     "牟 mu mou",      "落 luo lao",     "露 lu lou",     "圩 wei xu",
    "涌 chong yong",  "合 he ge",       "筠 jun yun",     "歙 she xi",     "扎 zha za",
    "拓 tuo ta",      "曲 qu",          "晋 jin",         "铺 pu",         "尧 yao",
    "汤 tang shang",  "宿 su xiu",      "隗 wei kui",     "龟 gui qiu",    "屯 tun zhun",
    "观 guan",        "町 ting ding",   "叶 ye she",      "繁 fan po",     "盖 gai ge",
    "过 guo",         "华 hua",         "那 na nuo",      "铅 qian yan",   "渑 mian sheng",
    "台 tai",         "砀 dang",        "栎 li yue",      "亡 wang wu",    "地 di de",
    "的 di de",       "还 huan hai",    "了 liao le",     "卜 bu bo",      "什 shi shen",
    "似 si shi",      "曾 zeng ceng",   "弄 nong long",   "卡 ka qia",     "贾 jia gu",
    "乘 cheng sheng", "着 zhe zhuo",    "得 de dei",      "率 lv shuai",   "系 xi ji",
    "劲 jin jing",    "色 se shai",     "圈 quan juan",   "虹 hong jiang", "陆 lu liu",
    "仔 zi zai",      "塞 sai se",
};

search_pinyin *search_pinyin_new(void)
{
    search_pinyin *pinyin = TQ_ALLOC(search_pinyin, 1);
    if (pinyin == NULL) return NULL;
    pinyin->slots = 1024;
    pinyin->row = TQ_ALLOC(reading_row, pinyin->slots);
    if (pinyin->row != NULL) return pinyin;
    tq_free(pinyin);
    return NULL;
}

void search_pinyin_free(search_pinyin *pinyin)
{
    if (pinyin == NULL) return;
    if (pinyin->han != NULL) utrans_close(pinyin->han);
    tq_free(pinyin->row);
    tq_free(pinyin);
}

static reading_row *slot_of(reading_row *row, uint32_t slots, uint32_t code)
{
    uint32_t slot = (uint32_t)tq_mix(code) & (slots - 1);
    while (row[slot].code != 0 && row[slot].code != code)
        slot = (slot + 1) & (slots - 1);
    return &row[slot];
}

static bool grow(search_pinyin *pinyin)
{
    reading_row *row = TQ_ALLOC(reading_row, (size_t)pinyin->slots * 2);
    if (row == NULL) return false;
    for (uint32_t slot = 0; slot < pinyin->slots; slot++)
        if (pinyin->row[slot].code != 0)
            *slot_of(row, pinyin->slots * 2, pinyin->row[slot].code) = pinyin->row[slot];
    tq_free(pinyin->row);
    pinyin->row = row;
    pinyin->slots *= 2;
    return true;
}

static void add_reading(reading_row *row, tq_str reading)
{
    if (reading.len == 0 || reading.len >= sizeof row->text[0]) return;
    for (size_t k = 0; k < reading.len; k++)
        if (reading.at[k] < 'a' || reading.at[k] > 'z') return;
    for (uint32_t k = 0; k < row->count; k++)
        if (tq_str_is(reading, row->text[k])) return;
    if (row->count == SEARCH_READINGS_OF_ONE) return;
    memcpy(row->text[row->count], reading.at, reading.len);
    row->text[row->count++][reading.len] = '\0';
}

/* Readings of the table, in front of ICU's: they are ordered by use in names of places. */
static void add_others(reading_row *row)
{
    char utf8[4];
    size_t len = tq_utf8_put(row->code, utf8);
    for (size_t k = 0; k < TQ_COUNT(other_readings); k++) {
        const char *line = other_readings[k];
        if (strncmp(line, utf8, len) != 0 || line[len] != ' ') continue;
        for (const char *at = line + len; *at == ' ';) {
            size_t word = strcspn(++at, " ");
            add_reading(row, (tq_str){at, word});
            at += word;
        }
    }
}

/* ICU's reading without tone; with the umlaut written as `umlaut`. */
static void add_spelling(reading_row *row, const UChar *text, int32_t len, const char *umlaut)
{
    tq_buf raw = {0};
    char letters[32];
    for (int32_t k = 0; k < len; k++) {
        uint32_t code = text[k];
        char utf8[4];
        bool round = code == 0xFC || code == 0x1D6 || code == 0x1D8 || code == 0x1DA ||
                     code == 0x1DC || (code == 'u' && k + 1 < len && text[k + 1] == 0x308);
        if (round)
            tq_buf_puts(&raw, umlaut);
        else
            tq_buf_put(&raw, utf8, tq_utf8_put(code, utf8));
    }
    size_t count =
        raw.failed ? 0 : search_normalise((tq_str){raw.at, raw.len}, letters, sizeof letters);
    add_reading(row, (tq_str){letters, count});
    tq_buf_free(&raw);
}

static tq_status ask(search_pinyin *pinyin, reading_row *row, tq_err *err)
{
    static const UChar id[] = {'H', 'a', 'n', '-', 'L', 'a', 't', 'i', 'n', 0};
    UErrorCode error = U_ZERO_ERROR;
    if (pinyin->han == NULL)
        pinyin->han = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    if (U_FAILURE(error))
        return tq_fail(err, TQ_INTERNAL, 0, "ICU has no Han-Latin rules (%s); install its data",
                       u_errorName(error));
    UChar text[64];
    int32_t len = 0;
    if (row->code >= 0x10000) {
        text[len++] = (UChar)(0xD7C0 + (row->code >> 10));
        text[len++] = (UChar)(0xDC00 + (row->code & 0x3FF));
    } else {
        text[len++] = (UChar)row->code;
    }
    int32_t limit = len;
    utrans_transUChars(pinyin->han, text, &len, TQ_COUNT(text), 0, &limit, &error);
    if (U_FAILURE(error) || len < 0 || len > (int32_t)TQ_COUNT(text)) return TQ_OK; /* no reading */
    add_spelling(row, text, len, "v");
    add_spelling(row, text, len, "u");
    add_spelling(row, text, len, "yu");
    return TQ_OK;
}

tq_status search_pinyin_of(search_pinyin *pinyin, uint32_t code, const char (**readings)[8],
                           uint32_t *count, tq_err *err)
{
    reading_row *row = slot_of(pinyin->row, pinyin->slots, code);
    if (row->code == 0) {
        if (pinyin->used * 2 >= pinyin->slots) {
            if (!grow(pinyin)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for pinyin");
            row = slot_of(pinyin->row, pinyin->slots, code);
        }
        row->code = code;
        pinyin->used++;
        add_others(row);
        TQ_TRY(ask(pinyin, row, err));
    }
    *readings = (const char(*)[8])row->text;
    *count = row->count;
    return TQ_OK;
}

uint32_t *search_pinyin_known(const search_pinyin *pinyin, uint32_t *count)
{
    uint32_t *code = TQ_ALLOC(uint32_t, pinyin->used);
    uint32_t used = 0;
    if (code == NULL) return NULL;
    for (uint32_t slot = 0; slot < pinyin->slots; slot++)
        if (pinyin->row[slot].code != 0) code[used++] = pinyin->row[slot].code;
    if (!tq_sort_u32(code, used)) {
        tq_free(code);
        return NULL;
    }
    *count = used;
    return code;
}
