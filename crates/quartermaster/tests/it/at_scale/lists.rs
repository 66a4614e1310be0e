//! Every list and search, with the filters that the HTTP API lets come together.

use super::{Area, Case, case};

/// Cases by area; an area is a snapshot.
pub const AREAS: &[Area] = &[
    ("orders", ORDERS),
    ("movements", MOVEMENTS),
    ("audit", AUDIT),
    ("stock", STOCK),
    ("items_and_branches", ITEMS_AND_BRANCHES),
    ("reports", REPORTS),
];

const O: (&str, &str) = ("LIST", "from services_orders o");
const O_BRANCH: (&str, &str) = ("LIST_BY_BRANCH", "services_orders o");
const O_ASKING: (&str, &str) = ("LIST_ASKING", "services_orders o");
const ELSEWHERE: (&str, &str) = ("ELSEWHERE", "services_order_lines l");
const O_SHORT: (&str, &str) = ("LIST_SHORT", "services_orders o");

// Time and id that the page comes before, created_from, status, reference, limit; branches.
const ORDERS: &[Case] = &[
    case("newest", O, "null, 9223372036854775807, null, null, null, 51"),
    case("last page", O, "'2025-12-05', 1, null, null, null, 51"),
    case("of a day long ago", O, "'2025-12-20', 0, '2025-12-19', null, null, 51"),
    case("of a time when there were none", O, "'2020-01-02', 0, '2020-01-01', null, null, 51"),
    case("fulfilled", O, "null, 9223372036854775807, null, 'fulfilled', null, 51"),
    case("of one reference", O, "null, 9223372036854775807, null, null, 'PO-500001', 51"),
    case("of a reference that many have", O, "null, 9223372036854775807, null, null, 'COUNTER', 51"),
    case("of a reference that none has", O, "null, 9223372036854775807, null, null, 'NONE', 51"),
    case("drafts", O_BRANCH, "null, 9223372036854775807, null, 'draft', null, 51, null"),
    case("submitted, last page", O_BRANCH, "'2025-12-05', 1, null, 'submitted', null, 51, null"),
    case("of three branches", O_BRANCH, "null, 9223372036854775807, null, null, null, 51, '{1,20,50}'"),
    case("of three branches, last page", O_BRANCH, "'2025-12-05', 1, null, null, null, 51, '{1,20,50}'"),
    case(
        "fulfilled of three branches",
        O_BRANCH,
        "null, 9223372036854775807, null, 'fulfilled', null, 51, '{1,20,50}'",
    ),
    case(
        "cancelled of one branch",
        O_BRANCH,
        "null, 9223372036854775807, null, 'cancelled', null, 51, '{50}'",
    ),
    case(
        "of one reference, a time and one branch",
        O_BRANCH,
        "'2026-03-01', 0, '2026-02-01', null, 'PO-500001', 51, '{2}'",
    ),
    case("short", O_SHORT, "null, 9223372036854775807, null, null, null, 51, null"),
    case("short, last page", O_SHORT, "'2025-12-05', 1, null, null, null, 51, null"),
    case("asking for an item", O_ASKING, "null, 9223372036854775807, null, null, null, 51, null, 7"),
    case(
        "drafts of one branch asking for an item",
        O_ASKING,
        "null, 9223372036854775807, null, 'draft', null, 51, '{20}', 7",
    ),
    case("elsewhere", ELSEWHERE, "500000, 1, true, null, 0, 0, 51"),
    case("short of one branch", O_SHORT, "null, 9223372036854775807, null, null, null, 51, '{50}'"),
];

const M: (&str, &str) = ("LIST", "from services_stock_movements m");
const M_KIND: (&str, &str) = ("LIST_BY_KIND", "services_stock_movements m");
const M_ITEM: (&str, &str) = ("LIST_BY_ITEM", "services_stock_movements m");
const M_DOCUMENT: (&str, &str) = ("LIST_BY_DOCUMENT", "services_stock_movements m");

// Time and id that the page comes before, from, limit; kinds, branches; item; document types, document.
const MOVEMENTS: &[Case] = &[
    case("newest", M, "null, 9223372036854775807, null, 51"),
    case("last page", M, "'2025-12-01 00:02', 9223372036854775807, null, 51"),
    case("of a day long ago", M, "'2026-01-02', 0, '2026-01-01', 51"),
    case(
        "of three branches",
        M_KIND,
        "null, 9223372036854775807, null, 51, '{fulfilment,adjustment}', '{1,20,50}'",
    ),
    case("of one branch, last page", M_KIND, "'2025-12-03', 1, null, 51, '{fulfilment,adjustment}', '{50}'"),
    case("of one kind", M_KIND, "null, 9223372036854775807, null, 51, '{adjustment}', null"),
    case("of one kind and one branch", M_KIND, "null, 9223372036854775807, null, 51, '{fulfilment}', '{20}'"),
    case("of one item", M_ITEM, "null, 9223372036854775807, null, 51, null, null, 1, 26"),
    case(
        "of one item and one kind",
        M_ITEM,
        "null, 9223372036854775807, null, 51, '{fulfilment}', null, 1, 26",
    ),
    case("of one item, last page", M_ITEM, "'2025-12-03', 1, null, 51, null, null, 1, 26"),
    case("of one item that there is not", M_ITEM, "null, 1, null, 51, null, null, 0, 26"),
    case("of one level", M_ITEM, "null, 9223372036854775807, null, 51, null, '{1}', 1, 51"),
    case(
        "of one order",
        M_DOCUMENT,
        "null, 9223372036854775807, null, 51, '{fulfilment}', null, null, '{order}', 500000",
    ),
    case(
        "of any document of one number, three branches",
        M_DOCUMENT,
        "null, 9223372036854775807, null, 51, '{fulfilment,adjustment}', '{1,20,50}', 5, '{order,adjustment}', 500000",
    ),
];

const A: (&str, &str) = ("LIST", "from services_audit_logs e");
const A_FEW: (&str, &str) = ("LIST_OF_FEW", "services_audit_logs e");
const A_BRANCH: (&str, &str) = ("LIST_BY_BRANCH", "services_audit_logs e");
const A_TYPE: (&str, &str) = ("LIST_BY_TYPE", "services_audit_logs e");

// Time and id that the page comes before, from, limit; actor_user_id, actor, action, entity_type, entity_id, branch_id,
// ip, request_id; branches.
const AUDIT: &[Case] = &[
    case(
        "newest",
        A,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, null, null, null, null",
    ),
    case(
        "last page",
        A,
        "'2025-12-01 00:02', 1, null, 51, null, null, null, null, null, null, null, null, null",
    ),
    case(
        "of a day long ago",
        A,
        "'2026-01-02', 0, '2026-01-01', 51, null, null, null, null, null, null, null, null, null",
    ),
    case(
        "by a user id",
        A,
        "null, 9223372036854775807, null, 51, 'id-user-7', null, null, null, null, null, null, null, null",
    ),
    case(
        "by a user id that is not",
        A,
        "null, 9223372036854775807, null, 51, 'id-nobody', null, null, null, null, null, null, null, null",
    ),
    case(
        "by a user who did little",
        A,
        "null, 9223372036854775807, null, 51, null, 'admin', null, null, null, null, null, null, null",
    ),
    case(
        "by a user, last page",
        A,
        "'2025-12-05', 1, null, 51, null, 'user-7', null, null, null, null, null, null, null",
    ),
    case(
        "of an action",
        A,
        "null, 9223372036854775807, null, 51, null, null, 'order.cancelled', null, null, null, null, null, null",
    ),
    case(
        "of an action that is rare",
        A,
        "null, 9223372036854775807, null, 51, null, null, 'branch.created', null, null, null, null, null, null",
    ),
    case(
        "of an action that never was",
        A,
        "null, 9223372036854775807, null, 51, null, null, 'branch.deleted', 'branch', null, null, null, null, null",
    ),
    case(
        "on one order",
        A_FEW,
        "null, 9223372036854775807, null, 51, null, null, null, 'order', '500000', null, null, null, null",
    ),
    case(
        "on entities of one id",
        A_FEW,
        "null, 9223372036854775807, null, 51, null, null, null, null, '7', null, null, null, '{1,20,50}'",
    ),
    case(
        "at one branch",
        A,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, 50, null, null, '{1,20,50}'",
    ),
    case(
        "of one action at one branch",
        A,
        "null, 9223372036854775807, null, 51, null, null, 'order.fulfilled', null, null, 20, null, null, null",
    ),
    case(
        "from one address",
        A,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, null, '10.0.0.21', null, null",
    ),
    case(
        "from an address that is not",
        A,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, null, '10.9.9.9', null, null",
    ),
    case(
        "in one request",
        A_FEW,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, null, null, 'drafted-5-user-5', null",
    ),
    case(
        "visible to one of three branches",
        A_BRANCH,
        "null, 9223372036854775807, null, 51, null, null, null, null, null, null, null, null, '{1,20,50}'",
    ),
    case(
        "visible to one of three branches, last page",
        A_BRANCH,
        "'2025-12-02', 1, null, 51, null, null, null, null, null, null, null, null, '{1,20,50}'",
    ),
    case(
        "on orders",
        A_TYPE,
        "null, 9223372036854775807, null, 51, null, null, null, 'order', null, null, null, null, null",
    ),
    case(
        "on branches",
        A_TYPE,
        "null, 9223372036854775807, null, 51, null, null, null, 'branch', null, null, null, null, '{1,20,50}'",
    ),
    case(
        "on what there is not",
        A_TYPE,
        "null, 9223372036854775807, null, 51, null, null, null, 'none', null, null, null, null, null",
    ),
];

const S: (&str, &str) = ("LIST", "services_stock s");
const S_BELOW: (&str, &str) = ("LIST_BELOW", "services_stock l");
const SUMMARY_BELOW: (&str, &str) = ("SUMMARY_BELOW", "services_stock l");
const BY_NAME_BELOW: (&str, &str) = ("BY_NAME_BELOW", "services_stock l");
const SUMMARY: (&str, &str) = ("SUMMARY", "services_stock s");
const SEARCH: (&str, &str) = ("SEARCH", "services_stock s");
const BY_NAME: (&str, &str) = ("BY_NAME", "services_stock s");
const BY_QUANTITY: (&str, &str) = ("BY_QUANTITY", "services_stock s");
const BY_ITEM: (&str, &str) = ("CHANGES_BY_ITEM", "services_stock s");
const BY_TIME: (&str, &str) = ("CHANGES_BY_TIME", "services_stock_movements m");
const S_OF_BRANCH: (&str, &str) = ("LIST_OF_BRANCH", "services_stock s");
const SUMMARY_OF_BRANCH: (&str, &str) = ("SUMMARY_OF_BRANCH", "services_stock s");
const AS_OF: (&str, &str) = ("AS_OF", "services_stock s");

// Branch and item that the page comes after, branches, branch, item; below_min and limit, or limit, time and kinds. Of
// one branch: the branch, the item that the page comes after, limit.
const STOCK: &[Case] = &[
    case("first page", S, "0, 0, null, null, null, null, 51"),
    case("last page", S, "50, 19960, null, null, null, null, 51"),
    case("of one branch", S_OF_BRANCH, "20, 0, 51"),
    case("of one branch, last page", S_OF_BRANCH, "20, 19960, 51"),
    case("of three branches", S, "0, 0, '{1,20,50}', null, null, null, 51"),
    case("of three branches, last page", S, "50, 19960, '{1,20,50}', null, null, null, 51"),
    case("of one item", S, "0, 0, null, null, 7, null, 51"),
    case("of one level", S, "0, 0, null, 20, 7, null, 51"),
    case("below the minimum", S_BELOW, "0, 0, null, null, null, true, 51"),
    case("below the minimum, last page", S_BELOW, "50, 19000, null, null, null, true, 51"),
    case("not below the minimum, of one branch", S, "0, 0, null, 20, null, false, 51"),
    case("summary, first page", SUMMARY, "0, 0, null, null, null, null, 51, null, null"),
    case("summary, last page", SUMMARY, "50, 19960, null, null, null, null, 51, null, null"),
    case("summary of one branch", SUMMARY_OF_BRANCH, "20, 0, 51"),
    case("summary of one branch, last page", SUMMARY_OF_BRANCH, "20, 19960, 51"),
    case(
        "summary of one branch below the minimum",
        SUMMARY_BELOW,
        "0, 0, null, 20, null, true, 51, null, null",
    ),
    case(
        "summary of three branches below the minimum",
        SUMMARY_BELOW,
        "0, 0, '{1,20,50}', null, null, true, 51, null, null",
    ),
    case("summary of one item", SUMMARY, "0, 0, null, null, 7, null, 51, null, null"),
    case("summary of what is all gone", SUMMARY, "0, 0, null, null, null, null, 51, true, null"),
    case("summary of what is reserved at one branch", SUMMARY, "0, 0, null, 20, null, null, 51, null, true"),
    case("summary of a word", SEARCH, "0, 0, null, null, null, null, 51, null, null, 'bolt'"),
    case("summary of a word at one branch", SEARCH, "20, 0, null, 20, null, null, 51, null, null, 'bolt'"),
    case("summary by name", BY_NAME, "0, 0, null, null, null, null, 51, null, null, null"),
    case("summary by name of one branch", BY_NAME, "0, 0, null, 20, null, null, 51, null, null, null"),
    case("summary by name, last page", BY_NAME, "19990, 40, null, null, null, null, 51, null, null, null"),
    case(
        "summary by name below the minimum",
        BY_NAME_BELOW,
        "0, 0, null, null, null, true, 51, null, null, null",
    ),
    case(
        "summary by quantity of one branch",
        BY_QUANTITY,
        "-4611686018427387904, 0, null, 20, null, null, 51, null, null, null, 1",
    ),
    case(
        "as of lately, one branch",
        AS_OF,
        "0, 0, null, 20, null, 51, '2026-03-31', '{fulfilment,adjustment}'",
    ),
    case(
        "as of lately, one branch, last page",
        AS_OF,
        "20, 19960, null, 20, null, 51, '2026-03-31', '{fulfilment,adjustment}'",
    ),
    case(
        "as of the beginning, one branch",
        AS_OF,
        "0, 0, null, 20, null, 51, '2025-12-01 00:20', '{fulfilment,adjustment}'",
    ),
    case(
        "as of before everything, one branch",
        AS_OF,
        "0, 0, null, 20, null, 51, '2020-01-01', '{fulfilment,adjustment}'",
    ),
    case(
        "as of before everything",
        AS_OF,
        "0, 0, null, null, null, 51, '2020-01-01', '{fulfilment,adjustment}'",
    ),
    case(
        "as of lately, three branches",
        AS_OF,
        "0, 0, '{1,20,50}', null, null, 51, '2026-03-31', '{fulfilment,adjustment}'",
    ),
    case("as of lately, one item", AS_OF, "0, 0, null, null, 7, 51, '2026-03-31', '{fulfilment,adjustment}'"),
];

const I: (&str, &str) = ("LIST", "from services_items");
const B: (&str, &str) = ("LIST", "location");

// Id that the page comes after, text, sku, barcode, active, limit.
const ITEMS_AND_BRANCHES: &[Case] = &[
    case("items", I, "0, null, null, null, null, 51, null, null"),
    case("items, last page", I, "19960, null, null, null, null, 51, null, null"),
    case("items with a word", I, "0, 'bolt', null, null, null, 51, null, null"),
    case("items with a word that none has", I, "0, 'crane', null, null, null, 51, null, null"),
    case("item of a SKU", I, "0, null, 'SKU-00007', null, null, 51, null, null"),
    case("item of a barcode", I, "0, null, null, '4000000000007', null, 51, null, null"),
    case("items out of use", I, "0, null, null, null, false, 51, null, null"),
    case("items of three ids", I, "0, null, null, null, null, 51, null, '{1,2,19000}'"),
    case("item of a code that is scanned", I, "0, null, null, null, null, 51, '4000000000007', null"),
    case("branches", B, "0, null, 51"),
    case("branches, some", B, "0, '{1,20,50}', 51"),
];

// Branch, the item that the page comes after, two times, limit. Branches, days; item, or items.
const REPORTS: &[Case] = &[
    case("changes of a week at one branch", BY_ITEM, "20, 0, '2026-02-01', '2026-02-08', 51"),
    case("changes since lately at one branch", BY_ITEM, "20, 0, '2026-03-30', '2026-03-31', 51"),
    case("changes of an hour at one branch", BY_TIME, "20, 0, '2026-02-01 08:00', '2026-02-01 09:00', 51"),
    case("history of an item", ("HISTORY", "services_stock_movements m"), "null, 90, 7"),
    case(
        "history of an item at three branches",
        ("HISTORY", "services_stock_movements m"),
        "'{1,20,50}', 90, 7",
    ),
    case("cells of a heat map", ("HEAT_CELLS", "services_stock s"), "'{1,20,50}', 30, '{1,2,3}'"),
    case("open orders", ("OPEN_ORDERS", "services_orders o"), "null"),
    case("open orders of one branch", ("OPEN_ORDERS", "services_orders o"), "'{20}'"),
];
