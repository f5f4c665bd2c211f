-- When incidents were last looked for, and what there was to be seen then: any number of schedulers look once.
create table incident_look (
  one boolean primary key default true check (one),
  looked_at timestamptz not null,
  seen text not null
);
