//! What people who do this job have reported in public about other tools, one test for each report. A report that needs the
//! program `offboard` has its test there: `examples/offboard/keyfactor/tests/`.

mod alias_forbidden;
mod alias_respelled;
mod byte_order_mark;
mod ca_certificate_as_server;
mod camel_case_inventory;
mod capped_pages;
mod empty_204;
mod entry_parameters_on_remove;
mod gwkey;
mod lower_cased_alias;
mod one_alias_three_bindings;
mod schedule_replaced;
mod secret_in_header;
mod unpaged_list;
