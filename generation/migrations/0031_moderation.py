"""Terms, moderation services, what was found and decided, and appeals; one row tells of every change of terms."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import generation.models.account
import genhub.lib.ids
import re
from django.conf import settings
from django.db import migrations, models

TERMS = """
CREATE FUNCTION generation_terms_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generation_termschange (id, number) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET number = generation_termschange.number + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER terms_tell_of_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON generation_term
    FOR EACH STATEMENT EXECUTE FUNCTION generation_terms_changed();
"""
NO_TERMS = """
DROP TRIGGER terms_tell_of_changes ON generation_term;
DROP FUNCTION generation_terms_changed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0030_requests_and_tastes'),
        ('platforms', '0012_moderation'),
        ('storage', '0007_moderation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='appeal', serialize=False, to='generation.task', verbose_name='task')),
                ('text', models.CharField(max_length=2000, verbose_name='what the owner says')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at')),
            ],
            options={
                'verbose_name': 'appeal',
                'verbose_name_plural': 'appeals',
            },
        ),
        migrations.CreateModel(
            name='Moderator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('failures', models.PositiveIntegerField(db_default=0, editable=False, verbose_name='failures in a row')),
                ('resting_until', models.DateTimeField(editable=False, null=True, verbose_name='rests until')),
                ('resting_why', models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached')], db_default='', editable=False, max_length=20, verbose_name='why it rests')),
                ('last_error', models.TextField(blank=True, db_default='', editable=False, verbose_name='last error')),
                ('sealed', models.TextField(editable=False)),
                ('hint', models.CharField(editable=False, max_length=4, verbose_name='ends in')),
                ('alias', models.CharField(max_length=50, unique=True, validators=[django.core.validators.RegexValidator(re.compile('^[-a-zA-Z0-9_]+\\Z'), 'Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.', 'invalid')], verbose_name='alias')),
                ('adapter', models.CharField(max_length=50, verbose_name='adapter')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('checks_prompts', models.BooleanField(default=True, verbose_name='checks prompts')),
                ('checks_pictures', models.BooleanField(default=False, verbose_name='checks pictures')),
                ('rank', models.PositiveSmallIntegerField(default=0, help_text='Of several, the smallest is asked; the next one only when it fails.', verbose_name='turn')),
                ('base_url', models.CharField(blank=True, help_text="Where the vendor's API begins. Empty: the vendor's usual address.", max_length=500, validators=[generation.models.account.validate_base_url], verbose_name='base address')),
                ('options', models.JSONField(blank=True, default=dict, help_text="The adapter's own words, as JSON; the handbook lists them.", verbose_name='options')),
                ('is_in_house', models.BooleanField(default=False, help_text='A server of your own: what must stay in the house may be shown to it.', verbose_name='in the house')),
                ('connect_seconds', models.FloatField(default=3, validators=[django.core.validators.MinValueValidator(0.1), django.core.validators.MaxValueValidator(60)], verbose_name='seconds to connect')),
                ('answer_seconds', models.FloatField(default=10, help_text='Whoever orders waits for it.', validators=[django.core.validators.MinValueValidator(0.5), django.core.validators.MaxValueValidator(60)], verbose_name='seconds to answer')),
                ('last_error_at', models.DateTimeField(editable=False, null=True, verbose_name='last error at')),
            ],
            options={
                'verbose_name': 'moderation service',
                'verbose_name_plural': 'moderation services',
                'ordering': ('rank', 'alias'),
            },
        ),
        migrations.CreateModel(
            name='TermsChange',
            fields=[
                ('id', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='output',
            name='is_gift',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.UUIDField(default=genhub.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('user', models.CharField(max_length=200, verbose_name='user')),
                ('position', models.PositiveSmallIntegerField(null=True, verbose_name='position')),
                ('field', models.CharField(blank=True, max_length=200, verbose_name='field')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('source', models.CharField(choices=[('term', 'the list of terms'), ('service', 'a moderation service'), ('classifier', 'the local classifier')], max_length=10, verbose_name='found by')),
                ('service', models.CharField(blank=True, max_length=50, verbose_name='service')),
                ('labels', models.JSONField(default=list, verbose_name='what it was found to be')),
                ('outcome', models.CharField(choices=[('refused', 'order refused'), ('flagged', 'delivered, flagged'), ('blocked', 'picture withheld')], max_length=10, verbose_name='outcome')),
                ('state', models.CharField(choices=[('open', 'waits for a decision'), ('released', 'released to its owner'), ('kept', 'withheld for good')], db_default='open', default='open', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at')),
                ('artifact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='storage.artifact', verbose_name='picture')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('platform', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platforms.platform', verbose_name='platform')),
                ('task', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='generation.task', verbose_name='task')),
            ],
            options={
                'verbose_name': 'moderated content',
                'verbose_name_plural': 'moderated content',
                'ordering': ('-id',),
                'permissions': [('decide_findings', 'Can decide about moderated content'), ('see_withheld', 'Can look at withheld pictures')],
            },
        ),
        migrations.CreateModel(
            name='RefusedPrompt',
            fields=[
            ],
            options={
                'verbose_name': 'refused prompt',
                'verbose_name_plural': 'refused prompts',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('generation.finding',),
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh', 'Chinese'), ('other', 'other')], default='en', max_length=10, verbose_name='language')),
                ('text', models.CharField(max_length=200, verbose_name='term')),
                ('kind', models.CharField(choices=[('word', 'as whole words'), ('phrase', 'anywhere in the text'), ('allow', 'never refused, whatever stands in it')], default='word', help_text='Chinese has no spaces: its terms are found anywhere. What is never refused is a text around a term, such as “naked eye”.', max_length=10, verbose_name='how it is found')),
                ('category', models.CharField(choices=[('sexual', 'sexual content'), ('minors', 'protection of minors'), ('violence', 'violence'), ('hate', 'hate'), ('self_harm', 'self-harm'), ('illegal', 'crime and drugs'), ('politics', 'politics'), ('other', 'other')], default='other', max_length=20, verbose_name='category')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'term',
                'verbose_name_plural': 'terms',
                'ordering': ('language', 'kind', 'text'),
                'constraints': [models.UniqueConstraint(fields=('text', 'kind'), name='one_term_once', violation_error_message='The list has this term already.')],
            },
        ),
        migrations.AddField(
            model_name='finding',
            name='term',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.term', verbose_name='term'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('state', 'open'), ('task__isnull', False)), fields=['id'], name='finding_to_decide'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('task', None)), fields=['created_at'], name='finding_refused_by_age'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('artifact__isnull', False)), fields=['artifact'], name='finding_of_picture'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'open'), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='finding_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'refused'), ('task', None)), models.Q(models.Q(('outcome', 'refused'), _negated=True), ('task__isnull', False)), _connector='OR'), name='finding_refused_has_no_task'),
        ),
        migrations.RunSQL(TERMS, NO_TERMS),
    ]
