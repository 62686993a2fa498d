/* Answers for programs: one object with the code and the data. */
#include "web/answer.h"
#include "web/resource_in.h"

struct json_out *reply_open(struct request *req, char bracket)
{
    struct json_out *j = CX_NEW(req->cx, struct json_out);

    j->to = cx_buf(req->cx, ANSWER_BODY_MAX);
    json_open(j, NULL, '{');
    json_int(j, "code", 0);
    json_open(j, "data", bracket);
    return j;
}

void reply_send(struct request *req, struct json_out *j, char bracket)
{
    json_close(j, bracket);
    json_close(j, '}');
    if (buf_text(j->to) == NULL)
        cx_fail(req->cx, ERR_TOO_LARGE, "结果过大，缩小范围后再试。");
    answer_json(req, buf_text(j->to));
}
