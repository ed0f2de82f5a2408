/*
 * What the server says when it refuses: one table of codes and sentences in both languages, and RFC
 * 9457 bodies.
 *
 * {0} {1} {2} in a sentence are filled with texts of the request. Those texts come from outside:
 * they are cut to a bounded length and escaped by the JSON writer.
 */
#include <stdio.h>

#include "serve/serve_in.h"

typedef struct problem_row {
    unsigned status;
    const char *code;
    const char *title[2];  /* [tq_lang] */
    const char *detail[2]; /* [tq_lang] */
} problem_row;

static const problem_row ROWS[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = {500,
                      "INTERNAL",
                      {"内部错误", "Internal error"},
                      {"没有更多说明。", "No more is known."}},
    [PROBLEM_MALFORMED] =
        {400,
         "MALFORMED_REQUEST",
         {"请求格式错误", "Malformed request"},
         {"这不是一条 HTTP/1.1 请求；请检查请求行和每一个请求头。",
          "This is not an HTTP/1.1 request; check the request line and every header."}},
    [PROBLEM_HTTP_VERSION] = {505,
                              "HTTP_VERSION",
                              {"不支持该 HTTP 版本", "HTTP version not supported"},
                              {"只支持 HTTP/1.0 和 HTTP/1.1。",
                               "Only HTTP/1.0 and HTTP/1.1 are spoken here."}},
    [PROBLEM_NO_HOST] = {400,
                         "HOST",
                         {"Host 请求头错误", "Wrong Host header"},
                         {"HTTP/1.1 请求必须有且只有一个 Host 请求头。",
                          "An HTTP/1.1 request needs exactly one Host header."}},
    [PROBLEM_HEAD_TOO_LARGE] = {431,
                                "HEAD_TOO_LARGE",
                                {"请求头过大", "Request head too large"},
                                {"请求行和请求头合计不得超过 16384 字节。",
                                 "Request line and headers may have 16384 bytes together."}},
    [PROBLEM_URL_TOO_LONG] = {414,
                              "URL_TOO_LONG",
                              {"网址过长", "URL too long"},
                              {"网址不得超过 8192 字节。", "A URL may have 8192 bytes."}},
    [PROBLEM_TOO_MANY_HEADERS] = {431,
                                  "TOO_MANY_HEADERS",
                                  {"请求头过多", "Too many headers"},
                                  {"请求头不得超过 100 个。", "A request may have 100 headers."}},
    [PROBLEM_BODY_TOO_LARGE] =
        {413,
         "BODY_TOO_LARGE",
         {"请求体过大", "Request body too large"},
         {"请求体超过上限，见 /api/v1/limits 中的 http.body_bytes。",
          "The body is over the limit; see http.body_bytes in /api/v1/limits."}},
    [PROBLEM_EXPECT] = {417,
                        "EXPECT",
                        {"不支持 Expect", "Expectation failed"},
                        {"请直接发送请求，不要使用 Expect 请求头。",
                         "Send the request at once, without an Expect header."}},
    [PROBLEM_TIMEOUT] =
        {408,
         "REQUEST_TIMEOUT",
         {"请求超时", "Request timed out"},
         {"请求没有在时限内到齐，连接已关闭。",
          "The request did not arrive whole within its time; the connection is closed."}},
    [PROBLEM_FULL] = {503,
                      "TOO_MANY_CONNECTIONS",
                      {"连接数已满", "Too many connections"},
                      {"服务器连接数已满，请稍后再试。",
                       "All connections are taken; try again shortly."}},
    [PROBLEM_NOT_READY] = {503,
                           "NOT_READY",
                           {"正在准备", "Getting ready"},
                           {"城市数据正在准备，请稍后再试。",
                            "The city is being made ready; try again shortly."}},
    [PROBLEM_BAD_ESCAPE] =
        {400,
         "BAD_ESCAPE",
         {"网址编码错误", "Bad URL encoding"},
         {"网址中的百分号编码有误：需为 %XX 形式的 UTF-8，且不含控制字符。",
          "The URL is not well encoded: use %XX of UTF-8 text without control characters."}},
    [PROBLEM_TOO_MANY_PARAMS] = {400,
                                 "TOO_MANY_PARAMETERS",
                                 {"参数过多", "Too many parameters"},
                                 {"一次请求最多 32 个参数。", "A request may have 32 parameters."}},
    [PROBLEM_NO_PATH] = {404,
                         "NO_SUCH_PATH",
                         {"没有这个地址", "No such path"},
                         {"没有 {0}；接口清单见 /api/v1/openapi.json。",
                          "There is no {0}; the paths are listed in /api/v1/openapi.json."}},
    [PROBLEM_METHOD] = {405,
                        "METHOD_NOT_ALLOWED",
                        {"方法不允许", "Method not allowed"},
                        {"此地址接受的方法见 Allow 响应头。",
                         "This path takes GET, HEAD and OPTIONS only."}},
    [PROBLEM_UNKNOWN_PARAM] =
        {400,
         "UNKNOWN_PARAMETER",
         {"未知参数", "Unknown parameter"},
         {"没有参数“{0}”；是不是想写“{1}”？可用参数：{2}。",
          "There is no parameter '{0}'; did you mean '{1}'? Known here: {2}."}},
    [PROBLEM_UNKNOWN_PARAM_NONE] = {400,
                                    "UNKNOWN_PARAMETER",
                                    {"未知参数", "Unknown parameter"},
                                    {"没有参数“{0}”。可用参数：{2}。",
                                     "There is no parameter '{0}'. Known here: {2}."}},
    [PROBLEM_MISSING_PARAM] = {400,
                               "MISSING_PARAMETER",
                               {"缺少参数", "Missing parameter"},
                               {"缺少必需的参数“{0}”。", "The parameter '{0}' is required."}},
    [PROBLEM_TWICE] = {400,
                       "PARAMETER_TWICE",
                       {"参数重复", "Parameter given twice"},
                       {"参数“{0}”出现了两次，请只写一次。",
                        "The parameter '{0}' is given twice; give it once."}},
    [PROBLEM_NOT_INTEGER] = {400,
                             "BAD_PARAMETER",
                             {"参数值错误", "Bad parameter value"},
                             {"“{0}”必须是整数，而不是“{1}”。",
                              "'{0}' must be a whole number, not '{1}'."}},
    [PROBLEM_NOT_NUMBER] = {400,
                            "BAD_PARAMETER",
                            {"参数值错误", "Bad parameter value"},
                            {"“{0}”必须是数字，而不是“{1}”。",
                             "'{0}' must be a number, not '{1}'."}},
    [PROBLEM_NOT_BOOLEAN] = {400,
                             "BAD_PARAMETER",
                             {"参数值错误", "Bad parameter value"},
                             {"“{0}”只能是 true 或 false，而不是“{1}”。",
                              "'{0}' must be true or false, not '{1}'."}},
    [PROBLEM_TOO_SMALL] = {400,
                           "BAD_PARAMETER",
                           {"参数值过小", "Parameter value too small"},
                           {"“{0}”最小为 {2}，而这里是 {1}。",
                            "'{0}' must be at least {2}, not {1}."}},
    [PROBLEM_TOO_LARGE] = {400,
                           "BAD_PARAMETER",
                           {"参数值过大", "Parameter value too large"},
                           {"“{0}”最大为 {2}，而这里是 {1}。",
                            "'{0}' must be at most {2}, not {1}."}},
    [PROBLEM_TOO_SHORT] = {400,
                           "BAD_PARAMETER",
                           {"参数值过短", "Parameter value too short"},
                           {"“{0}”至少需要 {2} 字节。", "'{0}' needs at least {2} bytes."}},
    [PROBLEM_TOO_LONG] = {400,
                          "BAD_PARAMETER",
                          {"参数值过长", "Parameter value too long"},
                          {"“{0}”有 {1} 字节，上限是 {2}。",
                           "'{0}' has {1} bytes; the limit is {2}."}},
    [PROBLEM_NOT_IN_LIST] = {400,
                             "BAD_PARAMETER",
                             {"参数值错误", "Bad parameter value"},
                             {"“{0}”不能是“{1}”，可选：{2}。",
                              "'{0}' can't be '{1}'; choose one of {2}."}},
    [PROBLEM_PATTERN] = {400,
                         "BAD_PARAMETER",
                         {"参数值错误", "Bad parameter value"},
                         {"“{0}”的值“{1}”不符合格式 {2}。",
                          "'{0}' is '{1}', which does not fit {2}."}},
    [PROBLEM_TWO_TIMES] = {400,
                           "BAD_PARAMETER",
                           {"参数冲突", "Parameters in conflict"},
                           {"“depart”和“arrive”只能给一个。",
                            "Give 'depart' or 'arrive', not both."}},
    [PROBLEM_HALF_POINT] = {400,
                            "BAD_PARAMETER",
                            {"坐标不全", "Half a point"},
                            {"“lat”和“lon”必须同时给出。", "Give 'lat' and 'lon' together."}},
    [PROBLEM_TILE_RANGE] = {400,
                            "BAD_TILE",
                            {"瓦片编号错误", "No such tile"},
                            {"第 {0} 级的 x 和 y 必须小于 {1}。",
                             "At zoom {0}, x and y must be below {1}."}},
    [PROBLEM_TOO_BIG_ANSWER] =
        {500,
         "ANSWER_TOO_LARGE",
         {"答案过大", "Answer too large"},
         {"答案超过上限，请缩小时间窗口或数量。",
          "The answer is over its limit; ask for a shorter window or fewer items."}},
    [PROBLEM_LENGTH] = {411,
                        "LENGTH_REQUIRED",
                        {"需要 Content-Length", "Length required"},
                        {"请求体请带 Content-Length 一次发送，不要分块。",
                         "Send the body in one piece with a Content-Length, not in chunks."}},
    [PROBLEM_NO_BODY] = {400,
                         "NO_BODY",
                         {"缺少请求体", "No body"},
                         {"此操作需要请求体：{0}。", "This operation needs a body: {0}."}},
    [PROBLEM_BAD_JSON] = {400,
                          "BAD_BODY",
                          {"请求体错误", "Bad body"},
                          {"请求体第 {0} 字节：{1}。", "The body at byte {0}: {1}."}},
    [PROBLEM_NO_SEGMENT] =
        {404,
         "NO_SEGMENT",
         {"附近没有道路", "No street nearby"},
         {"“{0}”第 {1} 个坐标 {2} 米内没有该车型可用的道路。",
          "There is no street for this vehicle within {2} m of coordinate {1} of '{0}'."}},
    [PROBLEM_MATRIX_LIMIT] =
        {400,
         "MATRIX_LIMIT",
         {"矩阵过大", "Matrix too large"},
         {"{0} 个单元格超过上限 matrix.cells = {1}；请加 stream=rows 按行流式获取（每边至多 {2} "
          "个点）。",
          "{0} cells are over the limit matrix.cells = {1}; ask with stream=rows to have the rows "
          "streamed (up to {2} places a side)."}},
    [PROBLEM_STALE] = {409,
                       "STALE_VERSION",
                       {"版本过旧", "Stale version"},
                       {"版本 {0} 不比现有版本 {1} 新，未作更改。",
                        "Version {0} is not newer than version {1}; nothing was changed."}},
    [PROBLEM_STREAMS] = {503,
                         "TOO_MANY_STREAMS",
                         {"流式答案过多", "Too many streams"},
                         {"同时进行的流式答案已达 {0} 个，请稍后再试。",
                          "{0} streamed answers are under way; try again shortly."}},
    [PROBLEM_UNAUTHORIZED] = {401,
                              "UNAUTHORIZED",
                              {"请先登录", "Log in first"},
                              {"此操作需要有效的登录或密钥：{0}",
                               "This needs a valid session or key: {0}"}},
    [PROBLEM_FORBIDDEN] = {403,
                           "FORBIDDEN",
                           {"没有权限", "Not allowed"},
                           {"您的角色不能这样做：{0}", "Your role may not do this: {0}"}},
    [PROBLEM_NO_CONSOLE] =
        {403,
         "CONSOLE_HEADER",
         {"缺少 Tongqu-Console 请求头", "No Tongqu-Console header"},
         {"以 Cookie 身份写入时必须带请求头 Tongqu-Console: 1。",
          "A write that comes with the cookie needs the header Tongqu-Console: 1."}},
    [PROBLEM_CHANGED] = {409,
                         "STALE",
                         {"与记录的现状不符", "Not as the record stands now"},
                         {"记录的现状不允许这样做，请看最新情况再定：{0}",
                          "The record as it stands now does not allow this; look again: {0}"}},
    [PROBLEM_KEY_USED] = {409,
                          "DUPLICATE_KEY",
                          {"Idempotency-Key 已用于别的命令",
                           "Idempotency-Key used for another command"},
                          {"请换一个 Idempotency-Key：{0}", "Take another Idempotency-Key: {0}"}},
    [PROBLEM_UNFIT] = {422,
                       "UNPROCESSABLE",
                       {"内容不能接受", "Not acceptable as it is"},
                       {"{0}", "{0}"}},
    [PROBLEM_OVER] = {413, "TOO_MUCH", {"超过上限", "Over a limit"}, {"超过上限：{0}", "{0}"}},
    [PROBLEM_DISK_FULL] =
        {507,
         "DISK_FULL",
         {"磁盘已满", "The disk is full"},
         {"磁盘已满，命令没有执行；请腾出空间，查询照常可用。（{0}）",
          "Nothing was written: the disk is full. Free some space; reading goes on. ({0})"}},
    [PROBLEM_STORE] = {503,
                       "STORE",
                       {"存储故障", "The store failed"},
                       {"命令没有执行，存储出错：{0}",
                        "Nothing was written: the store failed: {0}"}},
    [PROBLEM_NO_STORE] = {503,
                          "NO_STORE",
                          {"没有可写的存储", "No store that can be written"},
                          {"此服务只能查询，不接受命令：{0}",
                           "This server only answers questions, it takes no commands: {0}"}},
    [PROBLEM_COMMANDS] = {503,
                          "TOO_MANY_COMMANDS",
                          {"等待中的命令过多", "Too many commands wait"},
                          {"等待中的命令已达 {0} 条，请稍后再试。",
                           "{0} commands wait already; try again shortly."}},
    [PROBLEM_LATE] =
        {503,
         "LATE",
         {"答复超时", "The answer is late"},
         {"命令还在等待，可能仍会执行；请用同一个 Idempotency-Key 再问一次。",
          "The command still waits and may yet be carried out; ask again with the same "
          "Idempotency-Key."}},
    [PROBLEM_EVENT_STREAMS] = {503,
                               "TOO_MANY_STREAMS",
                               {"事件流过多", "Too many event streams"},
                               {"事件流已达上限 {0}，请稍后再试。",
                                "{0} event streams are open; try again shortly."}},
    [PROBLEM_IF_MATCH] = {400,
                          "IF_MATCH",
                          {"If-Match 无效", "Bad If-Match"},
                          {"If-Match 应为记录的版本号，例如 \"7\"。",
                           "If-Match is the version of the record, such as \"7\"."}},
    [PROBLEM_STATUS_NOT_FOUND] = {404,
                                  "NOT_FOUND",
                                  {"没有找到", "Not found"},
                                  {"没有这个地点或对象：{0}", "{0}"}},
    [PROBLEM_STATUS_AMBIGUOUS] = {400,
                                  "AMBIGUOUS",
                                  {"名称不唯一", "Ambiguous name"},
                                  {"这个名称对应多个地点，请写得更具体：{0}", "{0}"}},
    [PROBLEM_STATUS_BAD_INPUT] = {400,
                                  "BAD_INPUT",
                                  {"输入无效", "Bad input"},
                                  {"输入无法理解：{0}", "{0}"}},
    [PROBLEM_STATUS_LIMIT] = {400, "LIMIT", {"超过上限", "Over a limit"}, {"超过上限：{0}", "{0}"}},
    [PROBLEM_STATUS_NO_ROUTE] = {404,
                                 "NO_ROUTE",
                                 {"两地不连通", "Not connected"},
                                 {"两地之间没有通路：{0}", "{0}"}},
    [PROBLEM_STATUS_BUSY] = {503,
                             "BUSY",
                             {"服务繁忙", "Busy"},
                             {"资源不足，请稍后再试：{0}", "{0}"}},
    [PROBLEM_STATUS_INTERNAL] = {500,
                                 "INTERNAL",
                                 {"内部错误", "Internal error"},
                                 {"服务器内部错误：{0}", "A fault inside the server: {0}"}},
};

unsigned problem_status(problem_id id)
{
    return ROWS[id].status;
}

const char *problem_code(problem_id id)
{
    return ROWS[id].code;
}

void problem_set(problem *out, uint32_t part, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out->part[part], sizeof out->part[part], format, args);
    va_end(args);
}

void problem_detail(const problem *what, tq_lang lang, tq_buf *out)
{
    for (const char *at = ROWS[what->id].detail[lang]; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] >= '0' && at[1] <= '2' && at[2] == '}') {
            tq_buf_puts(out, what->part[at[1] - '0']);
            at += 2;
        } else {
            tq_buf_putc(out, *at);
        }
    }
}

void problem_json(const problem *what, tq_lang lang, tq_buf *out)
{
    const problem_row *row = &ROWS[what->id];
    tq_buf detail = {.limit = 4096};
    problem_detail(what, lang, &detail);
    char type[96] = "https://tongqu.invalid/problems/";
    size_t len = strlen(type);
    for (const char *at = row->code; *at != '\0' && len + 1 < sizeof type; at++)
        type[len++] = *at == '_' ? '-' : (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    type[len] = '\0';
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "type");
    tq_json_text(&json, type);
    tq_json_key(&json, "title");
    tq_json_text(&json, row->title[lang]);
    tq_json_key(&json, "status");
    tq_json_i64(&json, row->status);
    tq_json_key(&json, "detail");
    tq_json_str(&json, (tq_str){detail.at, detail.len});
    tq_json_key(&json, "code");
    tq_json_text(&json, row->code);
    tq_json_end_object(&json);
    tq_buf_free(&detail);
}

void problem_of_status(tq_status status, const tq_err *err, problem *out)
{
    switch (status) {
    case TQ_NOT_FOUND: out->id = PROBLEM_STATUS_NOT_FOUND; break;
    case TQ_AMBIGUOUS: out->id = PROBLEM_STATUS_AMBIGUOUS; break;
    case TQ_BAD_INPUT:
    case TQ_USAGE: out->id = PROBLEM_STATUS_BAD_INPUT; break;
    case TQ_DENIED: out->id = PROBLEM_FORBIDDEN; break;
    case TQ_STALE: out->id = PROBLEM_CHANGED; break;
    case TQ_LIMIT: out->id = PROBLEM_STATUS_LIMIT; break;
    case TQ_NO_ROUTE: out->id = PROBLEM_STATUS_NO_ROUTE; break;
    case TQ_BUSY:
    case TQ_NO_MEMORY: out->id = PROBLEM_STATUS_BUSY; break;
    default: out->id = PROBLEM_STATUS_INTERNAL; break;
    }
    problem_set(out, 0, "%s", err->text[0] != '\0' ? err->text : tq_status_text(status));
}
